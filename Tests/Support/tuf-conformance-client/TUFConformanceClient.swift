import FoundationEssentials
import TUF

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TUF client with the command line of the conformance suite (theupdateframework/tuf-conformance, CLIENT-CLI.md):
///
///     tuf-conformance-client --metadata-dir D init TRUSTED_ROOT
///     tuf-conformance-client --metadata-dir D --metadata-url U refresh
///     tuf-conformance-client --metadata-dir D --metadata-url U --target-name T [--target-name …]
///                            --target-base-url B --target-dir O download
///
/// It exits with 0 only if all that was asked for succeeded, and otherwise with 1 and one line that says why.
@main
struct TUFConformanceClient {
    static func main() async {
        do {
            try await run(try ClientCommand(Array(CommandLine.arguments.dropFirst())))
        } catch {
            FileHandles.complain("tuf-conformance-client: \(error)")
            exit(1)
        }
    }

    private static func run(_ command: ClientCommand) async throws {
        switch command {
        case .initialise(let metadata, let root):
            try FileManager.default.createDirectory(atPath: metadata, withIntermediateDirectories: true)
            try await Updater.trust([UInt8](try Data(contentsOf: URL(filePath: root))), in: DirectoryMetadataCache(metadata))
        case .refresh(let metadata, let metadataURL):
            try await withFetcher(metadata: metadataURL, targets: nil) { fetcher in
                var updater = Updater(cache: DirectoryMetadataCache(metadata), fetcher: fetcher)
                try await updater.refresh()
            }
        case .download(let metadata, let metadataURL, let names, let targetsURL, let folder):
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await withFetcher(metadata: metadataURL, targets: targetsURL) { fetcher in
                var updater = Updater(cache: DirectoryMetadataCache(metadata), fetcher: fetcher)
                for name in names { try await download(name, with: &updater, into: folder) }
            }
        }
    }

    private static func download(_ name: String, with updater: inout Updater, into folder: String) async throws {
        guard let target = try await updater.target(name) else {
            throw TUFError(.noSuchTarget, "No role that may speak for the target “\(name)” knows it.")
        }
        let path = "\(folder)/\(FileName.encoded(name))"
        if try !updater.isCurrent(path, target) { try await updater.download(target, to: path) }
    }

    private static func withFetcher(
        metadata: String, targets: String?, _ body: (HTTPFetcher) async throws -> Void
    ) async throws {
        let fetcher = HTTPFetcher(metadata: metadata, targets: targets)
        do { try await body(fetcher) } catch {
            await fetcher.close()
            throw error
        }
        await fetcher.close()
    }
}

/// Where a person reads.
enum FileHandles {
    static func complain(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
