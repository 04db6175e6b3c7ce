import FoundationEssentials
import LivepatchKit

/// The file of the key under which a server hashes machines' ids (``HashedMachineID``): 32 random bytes in base64, for its owner alone.
///
/// Whoever has it can tell which machine a stored id belongs to. Without it the server knows none of its machines again: it belongs to
/// every backup.
public struct MachineKeyFile: Sendable {
    private static let length = 32

    private let folder: Folder
    private let file: SecretFile

    /// - Parameter path: the directory of the server's keys, which is made with the first one.
    public init(in path: String) {
        folder = Folder(path)
        file = SecretFile(at: folder.file("machine-ids.key"))
    }

    /// Where it is.
    public var path: String { file.path }

    /// The key, made now if there is none. Blocks for as long as the disk takes.
    /// - Returns: the key, and whether it is new.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may use the file or it holds no key, `storage-full`,
    ///   `storage-unavailable`.
    public func keyOrNew() throws -> (key: [UInt8], isNew: Bool) {
        if let key = try read() { return (key, false) }
        do throws(FileFault) {
            try folder.makePrivate()
        } catch {
            throw error.error
        }
        var generator = SystemRandomNumberGenerator()
        let key = (0..<Self.length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        do {
            try file.write(Data(key).base64EncodedString())
            return (key, true)
        } catch let error as LivepatchError where error.code == .alreadyExists {
            // Another process was faster; its key is the one.
            guard let key = try read() else { throw error }
            return (key, false)
        }
    }

    private func read() throws -> [UInt8]? {
        guard let text = try file.readText() else { return nil }
        guard let bytes = Data(base64Encoded: text), bytes.count == Self.length else {
            throw LivepatchError(
                .configurationInvalid, "'\(path)' does not hold the key of machines' ids: it should be 32 bytes in base64.",
                suggestion:
                    "Restore the file from a backup. If there is none, delete it: another key is made, and every machine has to be attached anew."
            )
        }
        return Array(bytes)
    }
}
