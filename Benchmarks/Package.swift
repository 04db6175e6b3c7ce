// swift-tools-version: 6.2
import PackageDescription

// What `make bench` runs: a package of its own, so that nobody who builds the servers builds this too.

func livepatch(_ product: String) -> Target.Dependency { .product(name: product, package: "livepatch-for-swift") }

let package = Package(
    name: "livepatch-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "livepatch-for-swift", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "livepatch-bench",
            dependencies: [
                livepatch("LivepatchKit"), livepatch("LivepatchAPI"), livepatch("LivepatchArchive"),
                livepatch("LivepatchConsole"),
                livepatch("LivepatchFiles"), livepatch("LivepatchHTTP"), livepatch("LivepatchSQLite"),
                livepatch("PatchGenerator"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ])
    ],
    swiftLanguageModes: [.v6]
)
