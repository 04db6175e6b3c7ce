import LivepatchKit
import Synchronization

/// Content that is read while it arrives. Any number of tasks may read at the same time.
final class ArrivingContent: StoredContentReader {
    /// Of all that is to arrive.
    let length: Int64
    private let file: Mutex<OpenFile?>

    init(_ file: OpenFile, length: Int64) {
        self.length = length
        self.file = Mutex(file)
    }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard let file = file.withLock({ $0 }) else {
            throw LivepatchError(.internalFault, "Arriving content is read after it was closed.")
        }
        guard offset >= 0, offset < length, count > 0 else { return [] }
        do {
            return try file.read(at: offset, count: Int(min(Int64(count), length - offset)))
        } catch {
            throw error.error
        }
    }

    func close() { file.withLock { $0 = nil } }
}
