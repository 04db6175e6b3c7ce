import Synchronization

/// Collects the ports that the system chose, until all doors are open.
final class OpenDoors: Sendable {
    private let state: Mutex<(doors: [Door], closed: Set<Int>)>

    init(_ doors: [Door]) { state = Mutex((doors, Set(doors.indices))) }

    /// Notes that a door is open.
    /// - Returns: all of them if it was the last.
    func open(_ index: Int, port: Int?) -> [Door]? {
        state.withLock { state in
            guard state.closed.remove(index) != nil else { return nil }
            if let port { state.doors[index].address.port = port }
            return state.closed.isEmpty ? state.doors : nil
        }
    }
}
