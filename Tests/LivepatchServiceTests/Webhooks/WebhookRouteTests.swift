import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("Webhooks over the wire")
struct WebhookRouteTests {
    private func body(_ url: String = "https://hooks.example/a?key=s3cret", secret: String? = nil) throws -> WebhookRequestBody {
        WebhookRequestBody(url: try WebhookURL(parsing: url), events: try WebhookSubscription(["*"]), secret: secret)
    }

    @Test func `a webhook is added, its secret told once, tested, listed and removed`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let added = try await client.post(Paths.webhooks, body(), token: session)
            #expect(added.status == .created)
            let webhook = try added.decoded(AddedWebhookBody.self)
            #expect(webhook.secret.hasPrefix("whsec_"))
            let list = try await client.send(.get, Paths.webhooks, token: session)
            #expect(!list.text.contains(webhook.secret))
            #expect(try list.decoded(WebhooksBody.self).webhooks.map(\.webhook) == [webhook.webhook])

            let tested = try await client.send(.post, Paths.webhookTest(webhook.webhook.id), token: session)
            #expect(try tested.decoded(WebhookAttempt.self).status == 204)
            #expect(server.receiver.messages.count == 1)

            let removal = try await client.send(.delete, Paths.webhook(webhook.webhook.id), token: session).status
            #expect(removal == .noContent)
            #expect(server.webhookSecrets.references.isEmpty)
            let again = try await client.send(.delete, Paths.webhook(webhook.webhook.id), token: session).status
            #expect(again == .notFound)
            #expect(!server.log.lines.contains { $0.contains(webhook.secret) || $0.contains("s3cret") })
            #expect(server.log.lines.count { $0.contains(#""authz_admin""#) && $0.contains("webhooks") } == 3)
            #expect(
                try await server.catalog.history(limit: 10, before: nil).allSatisfy { !$0.action.contains("s3cret") })
        }
    }

    @Test func `a receiver's own secret is taken, and what is none is refused without being repeated`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            let added = try await client.post(Paths.webhooks, body(secret: own), token: session)
            #expect(try added.decoded(AddedWebhookBody.self).secret == own)
            let refused = try await client.post(
                Paths.webhooks, body("https://hooks.example/b", secret: "short-secret"), token: session)
            #expect(refused.problem?.code == "malformed-value" && !refused.text.contains("short-secret"))
            #expect(try await client.post(Paths.webhooks, body(), token: session).problem?.code == "already-exists")
        }
    }

    @Test(arguments: [
        #"{"url":"ftp://a/","events":["*"]}"#, #"{"url":"https://a/","events":[]}"#,
        #"{"url":"https://a/","events":["nothing"]}"#,
        #"{"url":"https://a/"}"#, "{",
    ]) func `what cannot be read is told`(json: String) async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.post, Paths.webhooks, token: session, body: Array(json.utf8))
            #expect(answer.status == .badRequest && answer.problem?.code == "malformed-request", "\(answer.text)")
        }
    }

    @Test func `deliveries are listed by state and tried again`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let store = InMemoryWebhookStore(server.database)
        try await server.application.test(.router) { client in
            let added = try await client.post(Paths.webhooks, body(), token: session).decoded(AddedWebhookBody.self)
            let event = WebhookEvent(id: "msg_1", type: .patchBlocked, time: server.clock.now, body: Array("{}".utf8))
            try await store.setConditions("test", ["a"], news: [event], at: server.clock.now)
            let path = Paths.webhookDeliveries
            var delivery = try #require(
                try await client.send(.get, path, token: session).decoded(WebhookDeliveriesBody.self).deliveries.first)
            #expect(delivery.webhook == added.webhook.id && delivery.state == .pending)
            #expect(
                try await client.send(.get, "\(path)?state=failed", token: session)
                    .decoded(WebhookDeliveriesBody.self).deliveries.isEmpty)
            delivery.state = .failed
            delivery.next = nil
            try await store.write(delivery)
            #expect(
                try await client.send(.get, "\(path)?state=failed&webhook=1&limit=1", token: session)
                    .decoded(WebhookDeliveriesBody.self).deliveries == [delivery])
            let status = try await client.send(.get, "\(path)?state=odd", token: session).status
            #expect(status == .badRequest)
            let unsure = try await client.send(.get, "\(path)?webhook=7", token: session).status
            #expect(unsure == .notFound)
            let retried = try await client.post(
                Paths.webhookRetry, WebhookRetryBody(delivery: delivery.id, webhook: nil), token: session)
            #expect(try retried.decoded(WebhookRetryResultBody.self).retried == 1)
            let nothing = try await client.post(
                Paths.webhookRetry, WebhookRetryBody(delivery: delivery.id, webhook: nil), token: session)
            #expect(nothing.status == .notFound)
        }
    }

    @Test func `nobody but administrators comes in`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            for path in [Paths.webhooks, Paths.webhookDeliveries] {
                let status = try await client.send(.get, path, token: secret).status
                #expect(status == .unauthorized)
            }
            for path in [Paths.webhooks, Paths.webhookTest(1), Paths.webhookEnable(1), Paths.webhookRetry] {
                let status = try await client.send(.post, path, token: secret).status
                #expect(status == .unauthorized)
            }
        }
    }
}
