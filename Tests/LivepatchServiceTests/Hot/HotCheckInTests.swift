import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import MetricsTestKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite("Check-ins from memory", .timeLimit(.minutes(1)))
struct HotCheckInTests {
    private static let id = MachineRouteTests.id
    private static let path = Paths.machineUpdates(id)

    private static func report(_ state: PatchState = .needsCheck, uptime: Int64? = nil) -> MachineReport {
        var report = MachineReport(kernel: MachineRouteTests.kernel, patchState: state)
        report.uptimeSeconds = uptime
        return report
    }

    /// A server that knows a machine.
    private struct Warm {
        let server: ServerUnderTest
        let file: PatchFile
        let client: TestClient
        let hot: HotAnswers
        let port: Int
        let token: String

        func send(_ report: MachineReport, _ path: String = HotCheckInTests.path, token: String? = nil) async throws
            -> TestClient.Response
        {
            try await send(try DocumentCoding.encode(report), path, token: token)
        }

        func send(_ body: [UInt8], _ path: String = HotCheckInTests.path, token: String? = nil) async throws
            -> TestClient.Response
        {
            try await client.post(
                path, headers: [.authorization: "Bearer \(token ?? self.token)"], body: ByteBuffer(bytes: body))
        }

        func answer(_ report: MachineReport, isHot: Bool) async throws -> CheckInAnswer {
            let before = hot.count
            let response = try await send(report)
            #expect(response.status == .ok)
            #expect(hot.count == before + (isHot ? 1 : 0))
            return try DocumentCoding.decode(CheckInAnswer.self, from: (response.body ?? ByteBuffer()).readableBytesView)
        }

        /// What is refused is refused by the handlers.
        func expect(_ status: HTTPResponse.Status, _ body: [UInt8], _ path: String = HotCheckInTests.path) async throws {
            let before = hot.count
            #expect(try await send(body, path).status == status)
            #expect(hot.count == before)
        }
    }

    private func warm(_ server: ServerUnderTest? = nil, _ body: (Warm) async throws -> Void) async throws {
        let cold: ServerUnderTest
        if let server { cold = server } else { cold = try await ServerUnderTest() }
        let server = cold.heated()
        let file = try await server.add(MachineRouteTests.name, upTo: "stable")
        let token = try await server.machine("m-1", in: "stable")
        try await RawClient.serving(server) { port, hot in
            let hot = try #require(hot)
            let client = TestClient(host: "127.0.0.1", port: port)
            client.connect()
            let warm = Warm(server: server, file: file, client: client, hot: hot, port: port, token: token)
            do {
                _ = try await warm.answer(Self.report(), isHot: false)
                #expect(try await warm.answer(Self.report(), isHot: true).patch?.filename == file.name)
                try await body(warm)
            } catch {
                try await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }
    }

    @Test func `news are the handlers' business, and durable before they are answered`() async throws {
        try await warm { warm in
            let machine = HashedMachineID(Self.id, key: ServerUnderTest.machineKey)
            let store = warm.server.parts.machines.store
            for state in [PatchState.applied, .applyFailed, .needsCheck] {
                _ = try await warm.answer(Self.report(state), isHot: false)
                #expect(try await store.machine(machine)?.report?.patchState == state)
                _ = try await warm.answer(Self.report(state), isHot: true)
            }
            // A copy of the machine is news, too.
            _ = try await warm.answer(Self.report(uptime: 1000), isHot: true)
            #expect(try await warm.answer(Self.report(uptime: 100_000), isHot: false).warnings.map(\.code) == [.machineShared])
        }
    }

    @Test func `a report that changes nothing is written with the next batch`() async throws {
        try await warm { warm in
            let machine = HashedMachineID(Self.id, key: ServerUnderTest.machineKey)
            warm.server.clock.pass(3600)
            _ = try await warm.answer(Self.report(), isHot: true)
            try await warm.server.parts.machines.batcher.flush()
            let seen = try await warm.server.parts.machines.store.machine(machine)?.lastSeen
            #expect(seen == Timestamp.wholeSecond(warm.server.clock.now))
        }
    }

    @Test func `a block, a promotion and content that is missing are in the very next answer`() async throws {
        try await warm { warm in
            let administration = warm.server.parts.administration
            let version = warm.file.name.version
            _ = try await administration.carryOut(.block(version: version, reason: "bad"), by: "test")
            #expect(try await warm.answer(Self.report(), isHot: false).reason == .blocked)
            #expect(try await warm.answer(Self.report(), isHot: true).reason == .blocked)
            _ = try await administration.carryOut(.unblock(version: version, reason: "good"), by: "test")
            #expect(try await warm.answer(Self.report(), isHot: false).patch != nil)
            let newer = try await warm.server.add(
                "livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2", Array("newer".utf8), upTo: "stable")
            #expect(try await warm.answer(Self.report(), isHot: false).patch?.filename == newer.name)
            try await warm.server.catalog.setAvailable(false, [newer.name])
            #expect(try await warm.answer(Self.report(), isHot: false).patch?.filename == warm.file.name)
            #expect(try await warm.answer(Self.report(), isHot: true).patch?.filename == warm.file.name)
        }
    }

    @Test func `a machine that has lost its token, or names another, is refused from that moment on`() async throws {
        try await warm { warm in
            let body = try DocumentCoding.encode(Self.report())
            try await warm.expect(.forbidden, body, "/v1/client/m-2/updates")
            try await warm.server.parts.machines.issuer.revoke("auth of m-1 for stable", by: "test")
            try await warm.expect(.unauthorized, body)
        }
        try await warm { warm in
            try await warm.server.parts.machines.authority.end(warm.token)
            try await warm.expect(.unauthorized, try DocumentCoding.encode(Self.report()))
        }
    }

    @Test func `what cannot be read, and a kernel that nobody knows, get the handlers' precise answers`() async throws {
        try await warm { warm in
            try await warm.expect(.badRequest, Array("{".utf8))
            try await warm.expect(.badRequest, [])
            try await warm.expect(.badRequest, Array(#"{"kernel":"x"}"#.utf8))
            try await warm.expect(.contentTooLarge, [UInt8](repeating: UInt8(ascii: " "), count: MachineRoutes.bodyLimit + 1))
            var other = Self.report()
            other.kernel = MachineKernel(
                version: MachineRouteTests.made { try KernelVersion(parsing: "5.15.0-1.1") },
                flavour: MachineRouteTests.kernel.flavour, architecture: MachineRouteTests.kernel.architecture)
            for _ in 0..<2 { #expect(try await warm.answer(other, isHot: false).reason == .kernelUnknown) }
        }
    }

    @Test func `a report that comes in pieces, and others behind it, are answered in order`() async throws {
        try await warm { warm in
            let body = String(decoding: try DocumentCoding.encode(Self.report()), as: UTF8.self)
            let head =
                "POST \(Self.path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(warm.token)\r\nContent-Length: \(body.utf8.count)\r\n"
            let before = warm.hot.count
            try await RawClient.connect(warm.port).executeThenClose { inbound, outbound in
                var reader = inbound.makeAsyncIterator()
                try await outbound.write(ByteBuffer(string: head + "\r\n" + body.prefix(20)))
                try await outbound.write(
                    ByteBuffer(string: body.dropFirst(20) + "GET /debug/info HTTP/1.1\r\nHost: x\r\n\r\n" + head))
                try await outbound.write(ByteBuffer(string: "Connection: close\r\n\r\n" + body))
                let text = try await RawClient.answer(&reader)
                #expect(text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) } == ["200", "200", "200"])
                #expect(text.matches(of: /"nextCheckSeconds"/).count == 2)
            }
            #expect(warm.hot.count == before + 1)
        }
    }

    @Test(arguments: Wire.connections)
    func `whoever answers, check-ins are measured and limited the same`(_ wire: Wire) async throws {
        var server = try await ServerUnderTest()
        var limits = ServerLimits()
        limits.machineRate = 5
        server.parts.governance = Governance(
            limits, metrics: server.metrics, logger: server.log.logger(label: "governor"), seconds: { $0.upperBound })
        _ = try await server.add(MachineRouteTests.name, upTo: "stable")
        let token = try await server.machine("m-1", in: "stable")
        let body = try DocumentCoding.encode(Self.report())
        try await RawClient.serving(wire == .hot ? server.heated() : server) { port, hot in
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                for number in 0..<7 {
                    let answer = try await client.post(
                        Self.path, headers: [.authorization: "Bearer \(token)"], body: ByteBuffer(bytes: body))
                    #expect(answer.status == (number < 5 ? .ok : .tooManyRequests), "\(number)")
                }
            }
            #expect(hot.map { $0.count == 4 } ?? (wire == .connection))
        }
        let timer = try server.metrics.expectTimer(
            RequestMeter.duration, [("handler", Paths.machineUpdatesTemplate), ("method", "POST"), ("code", "200")])
        #expect(timer.values.count == 5)
        #expect(try server.metrics.expectCounter(EntryMeter.count, [("token", "machine")]).totalValue == 7)
        #expect(try server.metrics.expectCounter("livepatch_client_updates_without_build_date_total").totalValue == 5)
        #expect(try server.metrics.expectCounter(Governance.rateLimited, [("policy", "machines")]).totalValue == 2)
    }
}

@Suite("Answers that differ in their times")
struct CheckInTemplateTests {
    private static let file = PatchFile(
        name: MachineRouteTests.made { try PatchFileName(parsing: MachineRouteTests.name) }, length: 7,
        digest: SHA256Digest(of: Array("content".utf8)), released: Date(timeIntervalSince1970: 0), cves: ["CVE-2026-1"])

    @Test(
        arguments: [
            (nil, nil, []), (file, nil, []), (nil, "\"time\":\"1970-01-01T00:00:00Z\" \"nextCheckSeconds\":0 é \\", []),
            (file, nil, [CheckInAnswer.Warning(.clockOff, "\"nextCheckSeconds\":0"), .init(.reportCut, "x")]),
        ] as [(PatchFile?, String?, [CheckInAnswer.Warning])])
    func `are written as each of them would be`(
        _ file: PatchFile?, _ message: String?, _ warnings: [CheckInAnswer.Warning]
    ) throws {
        func answer(_ time: Double, _ seconds: Int) -> CheckInAnswer {
            CheckInAnswer(
                time: Date(timeIntervalSince1970: time), revision: CatalogRevision(rawValue: 9), tier: Shorthand.edge,
                patch: file.map { .init($0, url: "/v1/patches/\($0.name)") }, reason: file == nil ? .blocked : nil,
                message: message, revoked: true, warnings: warnings, nextCheckSeconds: seconds)
        }
        let template = try #require(CheckInTemplate(CheckInTemplate.key(answer(1_750_000_000, 3600))))
        for (time, seconds) in [(0, 0), (1_750_000_000.9, 3600), (4_102_444_799, 1), (-1, 1_000_000)] {
            #expect(try template.bytes(answer(time, seconds)) == DocumentCoding.encode(answer(time, seconds)))
        }
        #expect(CheckInTemplate.key(answer(5, 6)) == CheckInTemplate.key(answer(7, 8)))
    }
}
