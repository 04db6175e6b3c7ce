import Hummingbird
import LivepatchAPI
import LivepatchKit

/// The coverage table: how long which kernels get patches.
struct CoverageRoutes: Sendable {
    let coverage: CoverageAdministration
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.get, Paths.kernelCoverage, for: .administrators(.read)) { _, _ in
            try Answers.json(CoverageBody(try await coverage.table()))
        }
        routes.change(Paths.kernelCoverage, for: .administrators(.admin), change)
    }

    @Sendable private func change(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(CoverageChangeBody.self, of: request)
        if body.dryRun {
            let plan = try await coverage.plan(body.change)
            let mark = try await coverage.mark(of: plan).description
            var answer = try Answers.json(CoverageChangeResultBody(plan: plan, change: nil, mark: mark))
            answer.headers[.eTag] = EntityTag(mark).field
            return answer
        }
        let (plan, change) = try await coverage.carryOut(
            body.change, by: session.user, expecting: RequestReading.planMark(of: request))
        if change != nil { security.record(.administration("\(body.change)", by: session.user), request) }
        return try Answers.json(CoverageChangeResultBody(plan: plan, change: change))
    }
}
