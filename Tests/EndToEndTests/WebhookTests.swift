import Foundation
import LivepatchKit
import Processes
import ScriptedServer
import Synchronization
import Testing

@Suite("Webhooks", .serialized) struct WebhookTests {
    /// A receiver that checks what it gets, and can be told to fail.
    private final class Receiver: Sendable {
        private struct State {
            var status = 204
            var received: [(id: String, type: String)] = []
        }

        private let state = Mutex(State())

        var status: Int {
            get { state.withLock { $0.status } }
            set { state.withLock { $0.status = newValue } }
        }

        /// The types that were taken, each message once.
        var types: [String] {
            var seen: Set<String> = []
            return state.withLock { $0.received }.filter { seen.insert($0.id).inserted }.map(\.type)
        }

        func take(_ request: ScriptedRequest, secret: WebhookSecret) throws -> ScriptedAnswer {
            let id = try #require(request.header("webhook-id"))
            let timestamp = try #require(request.header("webhook-timestamp").flatMap { Int64($0) })
            #expect(abs(Date().timeIntervalSince1970 - Double(timestamp)) < 300)
            #expect(request.header("webhook-signature") == secret.signature(id: id, timestamp: timestamp, body: request.body))
            let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
            let type = try #require(body["type"] as? String)
            return state.withLock { state in
                if state.status == 204 { state.received.append((id, type)) }
                return .status(state.status)
            }
        }
    }

    @Test("tell a real receiver, signed, in order, once; and a kill between a change and its delivery loses nothing")
    func delivered() async throws {
        try await Surroundings.with { here in
            let receiver = Receiver()
            let secret = try WebhookSecret(parsing: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            let file = here.path("secret")
            try Data(secret.text.utf8).write(to: URL(filePath: file))
            let listener = try await ScriptedServer.start { try receiver.take($0, secret: secret) }

            var server = try await here.server("origin")
            var administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 2")
            let added = try await administrator("webhooks add \(listener.url)/hook --event * --secret-file \(file)")
            #expect(added == "", "the secret is the receiver's own")
            #expect(try await administrator("webhooks test 1").contains("taken"))
            try await administrator("patch promote 100.1 stable")
            try await administrator("patch block 100.1 --reason crashes")
            try await eventually("all is told") { receiver.types.count == 3 }
            #expect(receiver.types == ["webhook.test", "patch.promoted", "patch.blocked"])

            // What happens while the receiver is down, and the server is killed, is told afterwards.
            receiver.status = 503
            try await administrator("patch unblock 100.1 --reason mended")
            try await server.process.kill9()
            server = try await here.server("origin")
            administrator = try await server.administrator()
            try await administrator("tier add late")
            try await server.process.kill9()
            receiver.status = 204
            server = try await here.server("origin")
            administrator = try await server.administrator()
            try await eventually("what was left is told") { receiver.types.count == 5 }
            #expect(Set(receiver.types.suffix(2)) == ["patch.unblocked", "tier.changed"])

            let deliveries = try await administrator("webhooks deliveries")
            #expect(deliveries.contains("tier.changed") && !deliveries.contains("pending"))
            #expect(try await administrator("webhooks deliveries --failed") == "")
            let directory = "\(server.dataDirectory)/keys/webhooks"
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(names.count == 1)
            let mode =
                try FileManager.default.attributesOfItem(atPath: "\(directory)/\(names[0])")[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let listed = try await administrator("webhooks list --format json")
            #expect(!listed.contains("whsec_") && !server.log.contains("whsec_"))

            // A receiver that wants no more is left alone.
            receiver.status = 410
            try await administrator("patch block 100.1 --reason again")
            try await eventually("it is disabled") { try await administrator("webhooks list").contains("disabled") }
            try await administrator.refuse("webhooks test 2", status: 66, saying: "2")
            try await administrator.refuse("webhooks test 1", status: 69)
            receiver.status = 204
            try await administrator("webhooks enable 1")
            let given = try await administrator("webhooks retry --failed --quiet")
            #expect(given == "1\n")
            try await eventually("it is told after all") { receiver.types.count == 6 }
            try await administrator("webhooks remove 1")
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            try await administrator.refuse("webhooks add ftp://example.com --event *", status: 64, saying: "ftp://example.com")
            await listener.stop()
        }
    }

    @Test("tell of syncs that fail and recover, and slow receivers hold up nobody")
    func syncs() async throws {
        try await Surroundings.with { here in
            let receiver = Receiver()
            let gate = Gate()
            let listener = try await ScriptedServer.start { request in
                if request.path == "/slow" {
                    await gate.wait()
                    return .status(204)
                }
                return try receiver.take(
                    request, secret: WebhookSecret(parsing: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
            }
            let file = here.path("secret")
            try Data("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".utf8).write(to: URL(filePath: file))
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            try await below("webhooks add \(listener.url)/quick --event sync.* --secret-file \(file)")
            _ = try await below("webhooks add \(listener.url)/slow --event * --quiet")
            try await above.importPatches("--versions 101.1 --kernels 1")
            try await below.sync()
            try await eventually("the sync is told") { receiver.types == ["sync.completed"] }
            try await origin.stop()
            let failed = try await below.run(["sync", "trigger", "--wait"])
            #expect(failed.status != 0)
            try await eventually("the failure is told") { receiver.types.contains("sync.failed") }
            gate.open()
            await listener.stop()
        }
    }
}
