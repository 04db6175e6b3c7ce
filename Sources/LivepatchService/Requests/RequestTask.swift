import Hummingbird

/// Answers each request in a task of its own.
///
/// A task keeps the memory of the deepest calls that it has made until it ends, and a connection's task ends with the connection: without
/// this every connection on which anything was ever asked would keep what its largest request took, tens of kilobytes.
struct RequestTask<Base: HTTPResponder>: HTTPResponder where Base.Context: Sendable {
    typealias Context = Base.Context

    private let base: Base

    init(_ base: Base) { self.base = base }

    func respond(to request: Request, context: Context) async throws -> Response {
        async let response = base.respond(to: request, context: context)
        return try await response
    }
}
