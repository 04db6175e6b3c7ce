import Foundation

/// A program of this package, as the build that the tests belong to made it.
public enum BuiltExecutable: String, Sendable, CaseIterable {
    case server = "livepatch-server"
    case admin = "livepatch-admin"
    case sync = "livepatch-sync"
    case agent = "livepatch-agent"
    case generator = "generate-patches"

    /// Where it is: in the folder of the test bundle, or in one above it, as on macOS.
    public var path: String {
        get throws {
            var folder = Self.testFolder
            for _ in 0..<6 {
                let file = folder.appendingPathComponent(rawValue)
                if FileManager.default.isExecutableFile(atPath: file.path) { return file.path }
                folder.deleteLastPathComponent()
            }
            throw DeadlinePassed("\(rawValue) is not beside the tests in \(Self.testFolder.path); build the package first.")
        }
    }

    private static var testFolder: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        let binary = bundle?.bundleURL ?? URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return binary.deletingLastPathComponent()
    }
}
