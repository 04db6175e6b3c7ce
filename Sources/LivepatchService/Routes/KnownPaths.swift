import HTTPTypes
import Synchronization

/// The paths that there are, and the methods that each takes: what a router does not tell whoever used a wrong one.
final class KnownPaths: Sendable {
    private struct Entry {
        let segments: [Substring]
        var methods: [HTTPRequest.Method]
    }

    private let entries = Mutex<[Entry]>([])

    func add(_ template: String, _ method: HTTPRequest.Method) {
        let segments = template.split(separator: "/")
        entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.segments == segments }) {
                entries[index].methods.append(method)
            } else {
                entries.append(Entry(segments: segments, methods: [method]))
            }
        }
    }

    /// The methods that a path takes; empty for a path that there is not.
    func methods(at path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        return entries.withLock { entries in
            entries.filter { entry in
                entry.segments.count == segments.count
                    && zip(entry.segments, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
            }.flatMap(\.methods)
        }
    }
}
