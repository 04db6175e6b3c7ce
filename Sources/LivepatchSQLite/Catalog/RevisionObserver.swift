import GRDB
import LivepatchKit
import Synchronization

/// Notices when a transaction of this process that has moved the catalogue's revision is committed.
final class RevisionObserver: TransactionObserver, Sendable {
    let news = NewsListeners()
    private let hasMoved = Mutex(false)

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
        guard case .update("catalogue", let columns) = eventKind else { return false }
        return columns.contains("revision")
    }

    func databaseDidChange(with event: DatabaseEvent) { hasMoved.withLock { $0 = true } }

    func databaseDidCommit(_ db: Database) {
        let isNews = hasMoved.withLock { moved in
            defer { moved = false }
            return moved
        }
        if isNews { news.tell() }
    }

    func databaseDidRollback(_ db: Database) { hasMoved.withLock { $0 = false } }
}
