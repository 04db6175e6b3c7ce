import LivepatchKit
import Synchronization

/// Content that is open for reading. Any number of tasks may read at the same time.
final class OpenContent: StoredContentReader {
    let length: Int64
    private let path: String
    private let file: Mutex<OpenFile?>

    init(_ file: OpenFile) throws(FileFault) {
        length = try file.status().length
        path = file.path
        self.file = Mutex(file)
    }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        // The file itself stays open until the last read that has begun is over.
        guard let file = file.withLock({ $0 }) else {
            throw LivepatchError(.internalFault, "'\(path)' is read after it was closed.")
        }
        guard offset >= 0, offset < length, count > 0 else { return [] }
        let wanted = Int(min(Int64(count), length - offset))
        do {
            let bytes = try file.read(at: offset, count: wanted)
            guard bytes.count == wanted else {
                throw LivepatchError(
                    .storageDamaged, "'\(path)' is shorter than it was when it was opened.",
                    suggestion:
                        "Nothing else may write into the storage's directory; check it with 'livepatch-admin storage verify'."
                )
            }
            return bytes
        } catch let fault as FileFault {
            throw fault.error
        }
    }

    func close() { file.withLock { $0 = nil } }
}
