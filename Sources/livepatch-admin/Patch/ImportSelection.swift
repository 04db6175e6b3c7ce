import FoundationEssentials
import LivepatchKit

/// The files that an import is about: those that were named, and the patch files of directories that were.
struct ImportSelection: Hashable, Sendable {
    struct File: Hashable, Sendable {
        let path: String
        /// In bytes; 0 if the file cannot be looked at.
        let length: Int64

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    }

    /// In order of name within a directory.
    let files: [File]
    /// How many files of directories do not have a patch file's name.
    let ignored: Int

    /// - Throws: ``LivepatchError`` with the code `not-found` for a path where there is nothing or a directory without patch files.
    init(_ paths: [String]) throws {
        var files: [File] = []
        var ignored = 0
        for path in paths {
            var isDirectory = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw LivepatchError(.notFound, "There is no file '\(path)'.", suggestion: "Check the name.")
            }
            guard isDirectory else {
                files.append(Self.file(path))
                continue
            }
            let names = try Self.names(in: path)
            let patches = names.filter { $0.hasPrefix("livepatch-") && $0.hasSuffix(".tar.bz2") }
            guard !patches.isEmpty else {
                throw LivepatchError(
                    .notFound, "There are no patch files in '\(path)'.",
                    suggestion: "Patch files are named livepatch-*.tar.bz2; directories in it are not looked into.")
            }
            ignored += names.count - patches.count
            files += patches.map { Self.file(path.hasSuffix("/") ? path + $0 : "\(path)/\($0)") }
        }
        var seen: Set<String> = []
        self.files = files.filter { seen.insert($0.path).inserted }
        self.ignored = ignored
    }

    private static func names(in directory: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw LivepatchError(
                .storageUnavailable, "The directory '\(directory)' cannot be read.", suggestion: "Check its permissions.",
                cause: error)
        }
    }

    private static func file(_ path: String) -> File {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return File(path: path, length: (attributes?[.size] as? Int64) ?? (attributes?[.size] as? Int).map(Int64.init) ?? 0)
    }
}
