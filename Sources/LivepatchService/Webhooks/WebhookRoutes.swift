import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Webhooks: added, listed, tried, removed, and what became of their deliveries.
struct WebhookRoutes: Sendable {
    let webhooks: WebhookAdministration
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.get, Paths.webhooks, for: .administrators(.read)) { _, _ in
            try Answers.json(WebhooksBody(webhooks: try await webhooks.list()))
        }
        routes.change(Paths.webhooks, for: .administrators(.admin), add)
        routes.on(.delete, Paths.webhookTemplate, for: .administrators(.admin), remove)
        routes.change(Paths.webhookTestTemplate, for: .administrators(.admin), test)
        routes.change(Paths.webhookEnableTemplate, for: .administrators(.admin), enable)
        routes.on(.get, Paths.webhookDeliveries, for: .administrators(.read), deliveries)
        routes.change(Paths.webhookRetry, for: .administrators(.admin), retry)
    }

    @Sendable private func add(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(WebhookRequestBody.self, of: request)
        let given = try body.secret.map(WebhookSecret.init(parsing:))
        let added = try await webhooks.add(body.url, events: body.events, secret: given, by: session.user)
        security.record(
            .administration(
                "webhooks add \(body.url.redacted) --event \(body.events.patterns.joined(separator: ","))", by: session.user),
            request)
        return try Answers.json(AddedWebhookBody(webhook: added.webhook, secret: added.secret.text), status: .created)
    }

    @Sendable private func remove(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let id = try Self.id(context)
        try await webhooks.remove(id, by: session.user)
        security.record(.administration("webhooks remove \(id)", by: session.user), request)
        return Answers.nothing
    }

    @Sendable private func test(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let id = try Self.id(context)
        let attempt = try await webhooks.test(id, by: session.user)
        security.record(.administration("webhooks test \(id)", by: session.user), request)
        return try Answers.json(attempt)
    }

    @Sendable private func enable(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let id = try Self.id(context)
        let webhook = try await webhooks.enable(id, by: session.user)
        security.record(.administration("webhooks enable \(id)", by: session.user), request)
        return try Answers.json(webhook)
    }

    @Sendable private func deliveries(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let wanted = try PageRequest(request, usually: 50)
        let state = try request.uri.queryParameters["state"].map { text in
            guard let state = WebhookDelivery.State(rawValue: String(text)) else {
                throw LivepatchError(
                    .malformedRequest,
                    "The query parameter 'state' is one of \(WebhookDelivery.State.allCases.map(\.rawValue).joined(separator: ", "))."
                )
            }
            return state
        }
        let found = try await webhooks.deliveries(
            webhook: try RequestReading.number("webhook", in: 0...Int64.max, of: request), state: state,
            before: try wanted.number() ?? RequestReading.number("before", in: 0...Int64.max, of: request),
            limit: wanted.oneMore)
        let (page, next) = wanted.first(of: found) { "\($0.id)" }
        return try Answers.json(WebhookDeliveriesBody(deliveries: page, next: next))
    }

    @Sendable private func retry(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let body = try await RequestReading.body(WebhookRetryBody.self, of: request)
        let count = try await webhooks.retry(body.delivery, webhook: body.webhook, by: session.user)
        security.record(
            .administration(
                "webhooks retry\(body.delivery.map { " \($0)" } ?? " --failed")\(body.webhook.map { " --webhook \($0)" } ?? "")",
                by: session.user), request)
        return try Answers.json(WebhookRetryResultBody(retried: count))
    }

    private static func id(_ context: ServiceRequestContext) throws -> Int64 {
        let text = try RequestReading.pathText("id", context)
        guard let id = Int64(text) else {
            throw LivepatchError(
                .notFound, "There is no webhook '\(text.prefix(32))'.", suggestion: "See `livepatch-admin webhooks list`.")
        }
        return id
    }
}
