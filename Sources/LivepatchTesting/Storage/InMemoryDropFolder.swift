public import FoundationEssentials
public import LivepatchKit
import Synchronization

/// A drop folder in memory.
public final class InMemoryDropFolder: PatchDropFolder {
    private struct Dropped: Sendable {
        let bytes: [UInt8]
        let modified: Date
    }

    private struct State: Sendable {
        var files: [String: Dropped] = [:]
        var refused: [String: String] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Puts a file into the folder, as a person would.
    public func drop(_ name: String, _ bytes: [UInt8], modified: Date) {
        state.withLock { $0.files[name] = Dropped(bytes: bytes, modified: modified) }
    }

    /// The candidates that were moved aside, with the notes that say why.
    public var refused: [String: String] { state.withLock { $0.refused } }

    public func candidates() async throws -> [DroppedFile] {
        state.withLock { $0.files }
            .filter { file in !file.key.hasPrefix(".") && ![".part", ".tmp"].contains { file.key.hasSuffix($0) } }
            .map { DroppedFile(name: $0.key, length: Int64($0.value.bytes.count), modified: $0.value.modified) }
            .sorted { $0.name < $1.name }
    }

    public func open(_ name: String) async throws -> any StoredContentReader {
        guard let file = state.withLock({ $0.files[name] }) else {
            throw LivepatchError(.notFound, "There is no file '\(name)' in the drop folder.")
        }
        return InMemoryContentReader(bytes: file.bytes)
    }

    public func remove(_ name: String) async throws { state.withLock { $0.files[name] = nil } }

    public func refuse(_ name: String, reason: String) async throws {
        try state.withLock { state in
            guard state.files.removeValue(forKey: name) != nil else {
                throw LivepatchError(.notFound, "There is no file '\(name)' in the drop folder.")
            }
            state.refused[name] = reason
        }
    }
}
