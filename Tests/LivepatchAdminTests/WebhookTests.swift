import ArgumentParser
import ConsoleRecording
import Foundation
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct WebhookTests {
    private func delivery(_ state: WebhookDelivery.State) -> WebhookDelivery {
        WebhookDelivery(
            id: 17, webhook: 3, message: "msg_1", type: .patchBlocked, time: RecordedConsole.now - 60, state: state, attempts: 2,
            next: nil, last: WebhookAttempt(time: RecordedConsole.now, status: 503, message: "503: busy", milliseconds: 5))
    }

    @Test(arguments: [[], ["--quiet"]]) func `The secret is all of the output`(options: [String]) async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run(
            ["webhooks", "add", "https://hooks.example/a", "--event", "patch.*", "--event", "sync.failed,health.degraded"]
                + options,
            server: server)
        #expect(run.output == Samples.webhookSecret + "\n")
        #expect(run.errorOutput.isEmpty == !options.isEmpty && !run.errorOutput.contains(Samples.webhookSecret))
        #expect(server.asked == ["add webhook https://hooks.example/a health.degraded patch.* sync.failed -"])
    }

    @Test func `A receiver's own secret is read from a file, and not printed`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/secret"
            try Data("\(Samples.webhookSecret)\n".utf8).write(to: URL(fileURLWithPath: path))
            let server = AnsweringServer()
            let arguments = ["webhooks", "add", "https://hooks.example/a", "--event", "*", "--secret-file", path]
            let run = try await Invocation.run(arguments, server: server)
            #expect(run.output == "" && !run.errorOutput.contains(Samples.webhookSecret))
            #expect(server.asked == ["add webhook https://hooks.example/a * \(Samples.webhookSecret)"])
            let json = try await Invocation.run(arguments + ["--format", "json"], server: server)
            #expect(!json.output.contains("whsec_") && json.output.contains("\"id\": 3"))
            try Data("no secret".utf8).write(to: URL(fileURLWithPath: path))
            let odd = try await Invocation.run(arguments, server: server)
            #expect(odd.status == 64 && !odd.errorOutput.contains("no secret"))
            #expect(server.asked.count == 2)
        }
    }

    @Test func `A secret goes into a file of its own, for its owner alone`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/secret"
            let run = try await Invocation.run(
                "webhooks", "add", "https://hooks.example/a", "--event", "*", "--output", path)
            #expect(run.output == "")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == Samples.webhookSecret + "\n")
        }
    }

    @Test(arguments: [["--event", "nothing"], ["--event", ","]])
    func `An event that there is not is refused with those that there are`(
        options: [String]
    ) async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run(["webhooks", "add", "https://hooks.example/a"] + options, server: server)
        #expect(run.status == 64 && run.errorOutput.contains("patch.blocked"))
        #expect(server.asked.isEmpty)
    }

    @Test func `The list says how things stand, and what to do about a disabled webhook`() async throws {
        var webhook = Samples.webhook
        webhook.disabled = RecordedConsole.now
        webhook.disabledReason = "its receiver answered 410 (Gone)"
        let summary = WebhookSummary(webhook: webhook, pending: 1, failed: 2, lastDelivered: nil)
        let run = try await Invocation.run("webhooks", "list", server: AnsweringServer { $0.webhooks = [summary] })
        #expect(run.output.contains("https://hooks.example/a") && run.output.contains("disabled") && run.output.contains("never"))
        #expect(run.errorOutput.contains("webhooks enable 3"))
    }

    @Test func `A test that is not taken ends with another status`() async throws {
        let server = AnsweringServer()
        let good = try await Invocation.run("webhooks", "test", "3", server: server)
        #expect(good.status == 0 && good.output.contains("taken"))
        let bad = try await Invocation.run(
            "webhooks", "test", "3",
            server: AnsweringServer {
                $0.attempt = WebhookAttempt(time: RecordedConsole.now, status: nil, message: "It is down.", milliseconds: 1)
            })
        #expect(bad.status == 69 && bad.output.contains("It is down."))
    }

    @Test func `Deliveries are listed and tried again`() async throws {
        let failed = delivery(.failed)
        let server = AnsweringServer { $0.deliveries = [failed] }
        let list = try await Invocation.run("webhooks", "deliveries", "--failed", "--webhook", "3", server: server)
        #expect(list.output.contains("patch.blocked") && list.output.contains("503: busy") && list.output.contains("failed"))
        _ = try await Invocation.run("webhooks", "deliveries", server: server)
        _ = try await Invocation.run("webhooks", "retry", "17", server: server)
        let retried = try await Invocation.run("webhooks", "retry", "--failed", "--webhook", "3", "--quiet", server: server)
        #expect(retried.output == "2\n")
        _ = try await Invocation.run("webhooks", "enable", "3", server: server)
        _ = try await Invocation.run("webhooks", "remove", "3", server: server)
        #expect(
            server.asked == [
                "deliveries 3 failed 20", "deliveries - - 20", "retry 17 -", "retry - 3", "enable webhook 3", "remove webhook 3",
            ])
        for options in [[], ["17", "--failed"]] {
            #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["webhooks", "retry"] + options) }
        }
    }
}
