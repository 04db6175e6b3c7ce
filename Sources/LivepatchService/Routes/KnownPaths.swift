import HTTPTypes
import Synchronization

/// A row of the table of routes.
struct Route: Hashable, Sendable {
    let method: HTTPRequest.Method
    /// The path, with parameters in braces.
    let template: String
    /// Whom it is for.
    let entry: EntryGate.Entry
}

/// The routes that there are: which methods a path takes is what a router does not tell whoever used a wrong one.
final class KnownPaths: Sendable {
    private struct Row {
        let route: Route
        let segments: [Substring]
    }

    private let rows = Mutex<[Row]>([])

    /// In the order in which they were added.
    var routes: [Route] { rows.withLock { $0.map(\.route) } }

    func add(_ route: Route) {
        let row = Row(route: route, segments: route.template.split(separator: "/"))
        rows.withLock { $0.append(row) }
    }

    /// The methods that a path takes; empty for a path that there is not.
    func methods(at path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        return rows.withLock { rows in
            rows.filter { row in
                row.segments.count == segments.count
                    && zip(row.segments, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
            }.map(\.route.method)
        }
    }
}
