import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Which signed repositories there are, how they are, and their roots that are signed elsewhere.
struct TrustRoutes: Sendable {
    let trust: TrustInspection
    let roots: RootAdministration
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.get, Paths.trust, for: .administrators(.read)) { _, _ in try Answers.json(try await trust.status()) }
        routes.on(.get, Paths.trustRootTemplate, for: .administrators(.read)) { _, context in
            try Answers.json(try await roots.basis(of: Self.kind(context)))
        }
        routes.change(Paths.trustRootTemplate, for: .administrators(.admin), publish)
    }

    @Sendable private func publish(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let kind = try Self.kind(context)
        let body = try await RequestReading.body(RootBody.self, of: request)
        let root = try await roots.publish(Array(body.document.utf8), of: kind, by: session.user)
        security.record(
            .administration("trust publish \(kind.rawValue) root \(root.version) \(root.fingerprint)", by: session.user), request)
        return try Answers.json(root)
    }

    private static func kind(_ context: ServiceRequestContext) throws -> TrustedRoot.Kind {
        let text = try RequestReading.pathText("kind", context)
        guard let kind = TrustedRoot.Kind(rawValue: text) else {
            throw LivepatchError(.notFound, "There is no repository '\(text)'; there are 'origin' and 'tiers'.")
        }
        return kind
    }
}
