import Hummingbird
import LivepatchAPI
import LivepatchKit

/// When each server from here to the origin had a patch version.
struct TraceRoutes: Sendable {
    let walk: TraceWalk

    func add(to routes: Routes) {
        routes.on(.get, Paths.traceTemplate, for: .administrators(.read)) { request, context in
            let version = try RequestReading.pathValue(PatchVersion.self, "version", context)
            return try Answers.json(try await walk.trace(of: version, in: nil, hops: try hops(request)))
        }
        routes.on(.get, Paths.syncTraceTemplate, for: .downstreams) { request, context in
            let version = try RequestReading.pathValue(PatchVersion.self, "version", context)
            let tier = try context.downstream().tier
            return try Answers.json(try await walk.trace(of: version, in: tier, hops: try hops(request)))
        }
    }

    private func hops(_ request: Request) throws -> Int {
        Int(try RequestReading.number("hops", in: 1...Int64(TraceWalk.limit), of: request) ?? Int64(TraceWalk.limit))
    }
}
