import Hummingbird
import LivepatchAPI

/// A request's path as logs show it: never the query, which may carry secrets, and not the id of a machine, which is kept only as a hash.
struct LoggedPath: CustomStringConvertible {
    let description: String

    init(_ request: Request) {
        let path = request.uri.path
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if segments.starts(with: ["", "v1", "client"]), segments.count > 3 {
            description = "/v1/client/{machine-id}" + segments.dropFirst(4).map { "/\($0)" }.joined()
        } else if segments.starts(with: ["", "v1", "admin", "machines"]), segments.count > 4 {
            // An administrator may name a machine by its own id.
            description = "\(Paths.machines)/{machine}" + segments.dropFirst(5).map { "/\($0)" }.joined()
        } else {
            description = path
        }
    }
}
