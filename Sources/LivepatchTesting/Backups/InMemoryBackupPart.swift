public import LivepatchKit
import Synchronization

/// Files of a server that are in memory, as a backup takes them along.
public final class InMemoryBackupPart: BackupPart {
    private let files: Mutex<[(member: BackupMember, bytes: [UInt8])]>

    public init(_ files: [(member: BackupMember, bytes: [UInt8])] = []) { self.files = Mutex(files) }

    /// Adds a file, or changes what it holds.
    public func put(_ bytes: [UInt8], as member: BackupMember) {
        files.withLock { files in
            files.removeAll { $0.member == member }
            files.append((member, bytes))
        }
    }

    public func open() async throws -> [BackupEntry] {
        files.withLock { files in
            files.sorted { $0.member.name < $1.member.name }.map { BackupEntry($0.member, BytesInMemory($0.bytes)) }
        }
    }
}
