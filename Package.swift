// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, bottom to top; an arrow points down only (Documentation/architecture.md).

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func test(_ name: String, of dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")

let package = Package(
    name: "livepatch-for-swift",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "TUF", targets: ["TUF"]),
        .library(name: "LivepatchKit", targets: ["LivepatchKit"]),
        .library(name: "LivepatchTesting", targets: ["LivepatchTesting"]),
        .library(name: "LivepatchAPI", targets: ["LivepatchAPI"]),
        .library(name: "LivepatchSQLite", targets: ["LivepatchSQLite"]),
        .library(name: "LivepatchFiles", targets: ["LivepatchFiles"]),
        .library(name: "LivepatchArchive", targets: ["LivepatchArchive"]),
        .library(name: "LivepatchHTTP", targets: ["LivepatchHTTP"]),
        .library(name: "LivepatchKernel", targets: ["LivepatchKernel"]),
        .library(name: "LivepatchService", targets: ["LivepatchService"]),
        .library(name: "LivepatchConsole", targets: ["LivepatchConsole"]),
        .library(name: "PatchGenerator", targets: ["PatchGenerator"]),
        .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
        .executable(name: "livepatch-server", targets: ["livepatch-server"]),
        .executable(name: "livepatch-admin", targets: ["livepatch-admin"]),
        .executable(name: "livepatch-sync", targets: ["livepatch-sync"]),
        .executable(name: "livepatch-agent", targets: ["livepatch-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.19.3"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: [.defaults, "YAML"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // 0: what knows nothing of patches: The Update Framework, and what is remembered of much
        .target(name: "TUF", dependencies: [crypto, cryptoExtras], swiftSettings: strict),
        .target(name: "Caching", swiftSettings: strict),

        // 1: the domain
        .target(
            name: "LivepatchKit",
            dependencies: ["Caching", "TUF", crypto, cryptoExtras, logging],
            swiftSettings: strict),
        .target(name: "LivepatchTesting", dependencies: ["LivepatchKit", "TUF", crypto, logging], swiftSettings: strict),

        // Which secrets no log line shows.
        .target(name: "LivepatchLogging", dependencies: [logging], swiftSettings: strict),

        // Which trace something belongs to, between requests and tasks.
        .target(name: "LivepatchTracing", dependencies: [logging, tracing], swiftSettings: strict),

        // 2: the wire
        .target(name: "LivepatchAPI", dependencies: ["LivepatchKit", "TUF"], swiftSettings: strict),
        .target(name: "LivepatchTLS", dependencies: ["LivepatchKit", asn1, nioSSL], swiftSettings: strict),

        // 3: adapters, one outside thing each
        .systemLibrary(
            name: "CArchive", path: "Sources/System/CArchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CCrypt", path: "Sources/System/CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .target(name: "CKernel", path: "Sources/System/CKernel"),
        .target(
            name: "LivepatchKernel", dependencies: ["LivepatchKit", "CKernel", asn1, crypto, cryptoExtras], swiftSettings: strict),
        .target(
            name: "LivepatchSQLite",
            dependencies: [
                "LivepatchKit", logging, metrics, tracing, .product(name: "GRDB", package: "GRDB.swift"),
                // The system library itself.
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        // Bringing many files to the medium at once: calls of Linux that Swift does not see.
        .target(name: "CMedium", path: "Sources/System/CMedium"),
        .target(
            name: "LivepatchFiles", dependencies: ["LivepatchKit", "TUF", "CMedium", crypto, logging], swiftSettings: strict),
        .target(name: "LivepatchArchive", dependencies: ["LivepatchKit", "CArchive"], swiftSettings: strict),
        .target(
            name: "LivepatchHTTP",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchTLS", "LivepatchTracing", logging, nioSSL, tracing,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "LivepatchConfiguration",
            dependencies: [
                "LivepatchKit", "LivepatchTLS", logging,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),

        // Logins that an outside identity provider vouches for.
        .target(
            name: "LivepatchIdentity", dependencies: ["LivepatchKit", logging, .product(name: "JWTKit", package: "jwt-kit")],
            swiftSettings: strict),
        // swift-metrics' backend that is read as Prometheus' text.
        .target(
            name: "LivepatchMetrics", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: strict),

        // 4: the server, and what a person sees in a terminal
        .target(
            name: "LivepatchService",
            dependencies: [
                "Caching", "LivepatchKit", "LivepatchAPI", "LivepatchTLS", "LivepatchTracing", "CCrypt", crypto, logging,
                metrics, nioSSL, tracing,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "LivepatchConsole",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchLogging", argumentParser, logging,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict),

        // What more than one program builds of configuration and adapters, and so knows both.
        .target(
            name: "LivepatchComposition",
            dependencies: ["LivepatchKit", "LivepatchConfiguration", "LivepatchHTTP", "LivepatchTracing", logging],
            swiftSettings: strict),

        // 5: executables
        .executableTarget(
            name: "livepatch-server",
            dependencies: [
                "LivepatchKit", "LivepatchArchive", "LivepatchComposition", "LivepatchConfiguration", "LivepatchConsole",
                "LivepatchFiles", "LivepatchIdentity", "LivepatchLogging", "LivepatchMetrics", "LivepatchService",
                "LivepatchSQLite", "LivepatchTracing", argumentParser, logging, metrics,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "livepatch-admin",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchArchive", "LivepatchConsole", "LivepatchFiles", "LivepatchHTTP",
                "LivepatchTracing", argumentParser,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "livepatch-sync",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchArchive", "LivepatchComposition", "LivepatchConfiguration",
                "LivepatchConsole", "LivepatchFiles", "LivepatchLogging", "LivepatchSQLite", "LivepatchTracing", argumentParser,
                logging,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "livepatch-agent",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchArchive", "LivepatchConsole", "LivepatchFiles", "LivepatchHTTP",
                "LivepatchKernel", "LivepatchLogging", argumentParser, logging,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Synthetic patches that look real from outside; for tests, the demonstration and benchmarks.
        .target(
            name: "PatchGenerator", dependencies: ["LivepatchKit", "CArchive"], path: "Examples/PatchGenerator",
            swiftSettings: strict),
        .executableTarget(
            name: "generate-patches", dependencies: ["PatchGenerator", "LivepatchKit", argumentParser],
            path: "Examples/generate-patches", swiftSettings: strict),
        // Machines for the demonstration, without kernels.
        .executableTarget(
            name: "simulate-machines",
            dependencies: ["LivepatchAPI", "LivepatchHTTP", "LivepatchKit", "PatchGenerator", argumentParser],
            path: "Examples/simulate-machines", swiftSettings: strict),

        // Examples: how to embed the library.
        .executableTarget(
            name: "in-process-chain", dependencies: ["LivepatchKit", "LivepatchArchive", "LivepatchTesting", "PatchGenerator"],
            path: "Examples/in-process-chain", swiftSettings: strict),
        .executableTarget(
            name: "custom-storage", dependencies: ["LivepatchKit", "LivepatchTesting"],
            path: "Examples/custom-storage", swiftSettings: strict),

        // What writes Documentation/configuration.md.
        .executableTarget(
            name: "configuration-reference", dependencies: ["LivepatchConfiguration"],
            path: "Tools/configuration-reference", swiftSettings: strict),
        // What writes Documentation/openapi.json.
        .executableTarget(
            name: "openapi-document", dependencies: ["LivepatchAPI"], path: "Tools/openapi-document", swiftSettings: strict),

        // Tests, a folder for each room, then chains and whole processes.
        .target(
            name: "ScriptedServer",
            dependencies: [
                "LivepatchKit", "LivepatchAPI", "LivepatchTesting",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/Support/ScriptedServer", swiftSettings: strict),
        // Certificate authorities that are made on the spot.
        .target(
            name: "TestCertificates", dependencies: [asn1, crypto, x509], path: "Tests/Support/TestCertificates",
            swiftSettings: strict),
        // A client with the command line of the TUF conformance suite.
        .executableTarget(
            name: "tuf-conformance-client",
            dependencies: [
                "TUF", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/Support/tuf-conformance-client", swiftSettings: strict),
        test("TUFTests", of: ["TUF", "ScriptedServer", "tuf-conformance-client"]),
        test(
            "LivepatchTLSTests", of: ["LivepatchTLS", "LivepatchKit", "TestCertificates"]),
        test(
            "LivepatchHTTPTests",
            of: ["LivepatchHTTP", "LivepatchAPI", "LivepatchKit", "ScriptedServer", "TestCertificates", nioSSL]),
        // What `make fuzz` tries with any bytes, and the tests with those that it has found.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "LivepatchAPI", "LivepatchArchive", "LivepatchConfiguration", "LivepatchHTTP", "LivepatchKit", "LivepatchService",
                "PatchGenerator", "TUF", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Tests/Support/FuzzTargets", swiftSettings: strict),
        test("FuzzTests", of: ["FuzzTargets", "PatchGenerator"]),
        .target(name: "Processes", path: "Tests/Support/Processes", swiftSettings: strict),
        // Load and faults at once (`make soak`).
        .target(
            name: "Soaking",
            dependencies: [
                "LivepatchAPI", "LivepatchHTTP", "LivepatchKit", "PatchGenerator", "Processes", logging,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/Support/Soaking", swiftSettings: strict),
        .executableTarget(
            name: "soak", dependencies: ["Soaking", argumentParser], path: "Tests/Support/soak",
            swiftSettings: strict),
        test("SoakTests", of: ["LivepatchAPI", "LivepatchKit", "Soaking"]),
        test(
            "CrashTests",
            of: [
                "LivepatchAPI", "LivepatchHTTP", "LivepatchKit", "PatchGenerator", "Processes", "ScriptedServer",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        // A real kernel in QEMU, whose agent is linked by the test out of the objects of the build.
        test(
            "RealKernelTests",
            of: ["LivepatchArchive", "LivepatchFiles", "LivepatchKit", "LivepatchSQLite", "Processes"]),
        test(
            "EndToEndTests",
            of: [
                "LivepatchAPI", "LivepatchHTTP", "LivepatchKit", "LivepatchTesting", "PatchGenerator", "Processes",
                "ScriptedServer", "SignedTokens", "TestCertificates",
            ]),
        test("LivepatchKitTests", of: ["LivepatchKit", "LivepatchTesting", "TUF"]),
        test("ChainTests", of: ["LivepatchKit", "LivepatchTesting", "TUF"]),
        test(
            "LivepatchServiceTests",
            of: [
                "LivepatchService", "LivepatchKit", "LivepatchAPI", "LivepatchArchive", "LivepatchTLS", "LivepatchTesting",
                "PatchGenerator", "Processes", "TestCertificates", "TUF", logging, metrics, nioSSL,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        // A terminal that remembers what was written.
        .target(
            name: "ConsoleRecording", dependencies: ["LivepatchConsole"], path: "Tests/Support/ConsoleRecording",
            swiftSettings: strict),
        test("LivepatchFilesTests", of: ["LivepatchFiles", "LivepatchKit", "LivepatchTesting", "Processes", "TUF"]),
        test("LivepatchKernelTests", of: ["LivepatchKernel", "LivepatchKit"]),
        test(
            "LivepatchAgentTests",
            of: [
                "livepatch-agent", "LivepatchAPI", "LivepatchArchive", "LivepatchFiles", "LivepatchKit", "LivepatchTesting",
                "PatchGenerator", "ScriptedServer", argumentParser,
            ]),
        // Tokens and keys of an identity provider, made without the library that the server reads them with.
        .target(
            name: "SignedTokens", dependencies: [crypto, cryptoExtras], path: "Tests/Support/SignedTokens", swiftSettings: strict),
        test(
            "LivepatchIdentityTests",
            of: [
                "LivepatchIdentity", "LivepatchHTTP", "LivepatchKit", "LivepatchTesting", "ScriptedServer", "SignedTokens",
                logging,
            ]),
        test(
            "LivepatchLoggingTests",
            of: [
                "LivepatchAPI", "LivepatchConfiguration", "LivepatchConsole", "LivepatchKit", "LivepatchLogging",
                "LivepatchService",
                logging,
            ]),
        test("CachingTests", of: ["Caching", "LivepatchTesting"]),
        test("LivepatchTracingTests", of: ["LivepatchTracing", logging, tracing]),
        test("LivepatchMetricsTests", of: ["LivepatchMetrics", metrics]),
        test("DocumentationTests", of: ["LivepatchAPI", "LivepatchKit"]),
        test("LivepatchConfigurationTests", of: ["LivepatchConfiguration", "LivepatchKit", logging]),
        test(
            "LivepatchConsoleTests",
            of: [
                "ConsoleRecording", "LivepatchConsole", "LivepatchKit", "LivepatchAPI", argumentParser,
                .product(name: "Yams", package: "Yams"),
            ]),
        test("LivepatchArchiveTests", of: ["LivepatchArchive", "LivepatchKit", "PatchGenerator", "CArchive"]),
        test("StoreContractTests", of: ["LivepatchFiles", "LivepatchKit", "LivepatchSQLite", "LivepatchTesting", "TUF"]),
        test(
            "LivepatchSQLiteTests",
            of: ["LivepatchKit", "LivepatchSQLite", "LivepatchTesting", .product(name: "GRDB", package: "GRDB.swift")]),
        test(
            "LivepatchSyncTests",
            of: [
                "livepatch-sync", "ConsoleRecording", "LivepatchConsole", "LivepatchFiles", "LivepatchKit", "LivepatchAPI",
                "LivepatchSQLite",
                "LivepatchTesting", "PatchGenerator", "ScriptedServer", argumentParser,
            ]),
        test(
            "LivepatchAdminTests",
            of: [
                "livepatch-admin", "ConsoleRecording", "LivepatchConsole", "LivepatchFiles", "LivepatchHTTP", "LivepatchKit",
                "LivepatchAPI", "TUF", argumentParser,
            ]),
    ],
    swiftLanguageModes: [.v6]
)
