import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Which signed repositories there are, and how they are.
struct TrustRoutes: Sendable {
    let trust: TrustInspection

    func add(to routes: Routes) {
        routes.on(.get, Paths.trust, for: .administrators) { _, _ in try Answers.json(try await trust.status()) }
    }
}
