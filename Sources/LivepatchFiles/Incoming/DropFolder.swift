import FoundationEssentials
public import LivepatchKit

/// A drop folder that is a directory: patch files that somebody copied there wait for a refresh. What is refused goes to
/// `refused/` in it, with a text file beside it that says why.
public struct DropFolder: PatchDropFolder {
    private let folder: Folder
    private let refused: Folder
    private let lanes: BlockingLanes

    /// Opens the folder, and makes it where it is missing (mode 0770, so that the server's group can put files there).
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public init(at path: String) throws {
        folder = Folder(path)
        refused = folder.folder("refused")
        lanes = BlockingLanes("livepatch.incoming", count: 1)
        do {
            _ = try folder.makeAll(mode: 0o770)
        } catch {
            throw error.error
        }
    }

    public func candidates() async throws -> [DroppedFile] {
        try await lanes.run { [folder] in
            try folder.names().filter(Self.isComplete).compactMap { name in
                guard let status = try FileStatus.of(folder.file(name)), status.isRegular else { return nil }
                return DroppedFile(
                    name: name, length: status.length, modified: Date(timeIntervalSince1970: status.modified))
            }
        }
    }

    public func open(_ name: String) async throws -> any StoredContentReader {
        try await onFile(name) { [folder] in
            do {
                return try OpenContent(OpenFile(folder.file(name), for: .reading))
            } catch let fault as FileFault where fault.isMissing {
                throw LivepatchError(.notFound, "'\(folder.file(name))' is not there any more.")
            }
        }
    }

    public func remove(_ name: String) async throws {
        try await onFile(name) { [folder] in _ = try folder.delete(name) }
    }

    public func refuse(_ name: String, reason: String) async throws {
        try await onFile(name) { [folder, refused] in
            try refused.make(mode: 0o770)
            // The note first: a file without one would be a riddle.
            let note = "\(name).reason.txt"
            try SmallFile.write(Array((reason + "\n").utf8), to: refused.file(note), mode: 0o640, replacing: true)
            guard FileCalls.system.rename(folder.file(name), refused.file(name)) == 0 else {
                let fault = FileFault.last("move aside", folder.file(name))
                try refused.delete(note)
                guard !fault.isMissing else {
                    throw LivepatchError(.notFound, "'\(folder.file(name))' is not there any more.")
                }
                throw fault
            }
        }
    }

    private static func isComplete(_ name: String) -> Bool {
        !name.hasPrefix(".") && !name.hasSuffix("~") && ![".part", ".tmp", ".partial"].contains { name.hasSuffix($0) }
    }

    /// A name is one entry of this directory, never a way out of it.
    private func onFile<Value: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
        else { throw LivepatchError(.malformedValue, "'\(name)' is not the name of a file in '\(folder.path)'.") }
        return try await lanes.run(body)
    }
}
