import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// What downstreams report of their machines.
struct FleetReportRoutes: Sendable {
    let intake: FleetIntake

    func add(to routes: Routes) {
        routes.on(.post, Paths.fleetReport, for: .downstreams, report)
        routes.on(.post, Paths.machineReports, for: .downstreams, page)
    }

    @Sendable private func report(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let token = try context.downstream()
        let report = try await RequestReading.body(FleetReport.self, of: request, limit: FleetBounds.bodyBytes)
        if let caller = EntryGate.deployment(request), caller != report.deployment {
            throw LivepatchError(
                .malformedRequest,
                "The fleet report is that of \(report.deployment), and the request says that it comes from \(caller).")
        }
        return try Answers.json(try await intake.receive(report, with: token))
    }

    @Sendable private func page(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let token = try context.downstream()
        guard let reporter = EntryGate.deployment(request) else {
            throw LivepatchError(
                .malformedRequest, "The request does not say which deployment passes on machines' reports.",
                suggestion: "It is in the header field '\(HeaderNames.deployment)'.")
        }
        let page = try MachinePage(decoding: try await RequestReading.bytes(of: request, limit: FleetBounds.bodyBytes))
        return try Answers.json(try await intake.receive(page, from: reporter, with: token))
    }
}
