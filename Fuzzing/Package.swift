// swift-tools-version: 6.2
import PackageDescription

// What `make fuzz` runs: a package of its own, since everything in it is built so that the fuzzer sees which way it takes.

let package = Package(
    name: "livepatch-fuzzing",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "livepatch-for-swift", path: "..")],
    targets: [
        .systemLibrary(name: "CLibFuzzer", path: "Sources/CLibFuzzer"),
        .executableTarget(
            name: "fuzz",
            dependencies: ["CLibFuzzer", .product(name: "FuzzTargets", package: "livepatch-for-swift")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
