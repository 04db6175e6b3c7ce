import Hummingbird
import LivepatchAPI
import LivepatchKit

/// What administrators ask about machines as a whole.
struct FleetRoutes: Sendable {
    let inquiry: FleetInquiry

    func add(to routes: Routes) {
        routes.on(.get, Paths.fleetSummary, for: .administrators(.read)) { request, _ in
            try Answers.json(try await inquiry.summary(includesDownstreams: request.includesDownstreams))
        }
        routes.on(.get, Paths.patchHealthTemplate, for: .administrators(.read)) { request, context in
            let version = try RequestReading.pathValue(PatchVersion.self, "version", context)
            let tier = try request.uri.queryParameters["tier"].map { try TierName(parsing: String($0)) }
            return try Answers.json(
                try await inquiry.health(of: version, tier: tier, includesDownstreams: request.includesDownstreams))
        }
    }
}

extension Request {
    /// Whether the answer is to count the deployments below, too.
    var includesDownstreams: Bool { uri.queryParameters["include-downstream"] == "true" }
}
