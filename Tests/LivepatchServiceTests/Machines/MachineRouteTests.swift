import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import MetricsTestKit
import NIOCore
import Testing

@testable import LivepatchService

/// What machines ask, from their registration to their goodbye.
@Suite("Machines over the wire")
struct MachineRouteTests {
    static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
    static let kernel = MachineKernel(
        version: made { try KernelVersion(parsing: "5.15.0-107.117") }, flavour: made { try Flavour(parsing: "generic") },
        architecture: made { try Architecture(parsing: "amd64") })
    static let id = made { try MachineID(parsing: "m-1") }

    static func made<Value>(_ make: () throws -> Value) -> Value {
        do { return try make() } catch { preconditionFailure("\(error)") }
    }

    @Test(arguments: Wire.allCases)
    func `a machine registers, checks in, downloads its patch, and is known by its hash`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name, upTo: "stable")
        let secret = try await server.authToken("stable", id: "web servers")
        try await server.test(wire) { client in
            let registered = try await client.send(.post, Paths.machineRegister(Self.id), token: secret)
            #expect(registered.status == .created)
            let body = try registered.decoded(RegistrationBody.self)
            #expect(body.tier == Shorthand.stable)
            #expect(body.deployment == server.parts.deployment)
            let token = body.machineToken
            #expect(token != secret)

            let report = MachineReport(kernel: Self.kernel, patchState: .needsCheck)
            let answer = try await client.post(Paths.machineUpdates(Self.id), report, token: token).decoded(CheckInAnswer.self)
            #expect(answer.patch?.filename == file.name)
            #expect(answer.patch?.sha256 == file.digest)
            #expect(answer.patch?.url == "/v1/patches/\(Self.name)")
            #expect(answer.reason == nil)
            #expect((2700...4500).contains(answer.nextCheckSeconds))

            let download = try await client.send(.get, try #require(answer.patch?.url), token: token)
            #expect(download.text == "content")
            let target = try await client.send(.get, Paths.target(file), token: token)
            #expect(target.text == "content")

            let information = try await client.send(.get, Paths.machineInfo(Self.id), token: token)
            let known = try information.decoded(MachineInformationBody.self)
            #expect(known.machine.id == HashedMachineID(Self.id, key: ServerUnderTest.machineKey))
            #expect(known.machine.authToken == "web servers")
            #expect(known.machine.report == report)
            #expect(known.machineId == Self.id)
            #expect(known.checkInIntervalSeconds == 3600)
            #expect(!server.log.lines.contains { $0.contains(token) || $0.contains(secret) })
        }
    }

    @Test(arguments: Wire.allCases)
    func `a block takes the offer back, says so, and offers what came before`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let older = try await server.add(
            "livepatch-5.15.0-107.117-generic-106.1-amd64.tar.bz2", Array("older".utf8), upTo: "stable")
        let file = try await server.add(Self.name, upTo: "stable")
        let token = try await server.machine("m-1", in: "stable")
        try await server.test(wire) { client in
            let applied = MachineReport(kernel: Self.kernel, patchState: .applied, patchVersion: file.name.version)
            let before = try await client.post(Paths.machineUpdates(Self.id), applied, token: token).decoded(CheckInAnswer.self)
            #expect(!before.revoked)
            _ = try await server.parts.administration.carryOut(.block(version: file.name.version, reason: "bad"), by: "test")
            let after = try await client.post(Paths.machineUpdates(Self.id), applied, token: token).decoded(CheckInAnswer.self)
            #expect(after.revoked)
            #expect(after.patch?.filename == older.name)
            #expect(try await client.send(.get, Paths.patchFile(file.name), token: token).status == .notFound)
        }
    }

    @Test(arguments: Wire.allCases)
    func `without an offer the answer says why`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name)
        let token = try await server.machine("m-1", in: "stable")
        @Sendable func answer(
            _ client: some TestClientProtocol, _ change: @Sendable (inout MachineReport) -> Void = { _ in }
        ) async throws
            -> CheckInAnswer
        {
            var report = MachineReport(kernel: Self.kernel, patchState: .needsCheck)
            change(&report)
            return try await client.post(Paths.machineUpdates(Self.id), report, token: token).decoded(CheckInAnswer.self)
        }
        try await server.test(wire) { client in
            #expect(try await answer(client).reason == .notInTier)
            let command = TierCommand.promote(version: file.name.version, tier: Shorthand.stable)
            _ = try await server.parts.administration.carryOut(command, by: "test")
            let unknown = try await answer(client) {
                $0.kernel = MachineKernel(
                    version: Self.made { try KernelVersion(parsing: "5.15.0-106.116") }, flavour: Self.kernel.flavour,
                    architecture: Self.kernel.architecture)
            }
            #expect(unknown.reason == .kernelUnknown)
            #expect(unknown.message?.contains("5.15.0-106.116") == true)
            #expect(try await answer(client) { $0.cutoffDate = server.clock.now.addingTimeInterval(-60) }.reason == .cutoffDate)
            #expect(try await answer(client) { $0.patchDelaySeconds = 60 }.reason == .patchDelay)
            let clock = try await answer(client) { $0.time = server.clock.now.addingTimeInterval(-3600) }
            #expect(clock.warnings.map(\.code) == [.clockOff])
            #expect(clock.patch != nil)
            try await server.catalog.setAvailable(false, [file.name])
            #expect(try await answer(client).reason == .contentMissing)
            _ = try await server.parts.administration.carryOut(.block(version: file.name.version, reason: "bad"), by: "test")
            let blocked = try await answer(client)
            #expect(blocked.reason == .blocked)
            #expect(blocked.patch == nil)
            #expect(!blocked.revoked, "it is not applied")
        }
    }

    @Test func `two machines with one id are told, and both are answered`() async throws {
        let server = try await ServerUnderTest()
        try await server.add(Self.name, upTo: "stable")
        let first = try await server.machine("m-1", in: "stable")
        let second = try await server.machine("m-1", in: "edge")
        try await server.application.test(.router) { client in
            let report = MachineReport(kernel: Self.kernel, patchState: .needsCheck)
            let alone = try await client.post(Paths.machineUpdates(Self.id), report, token: second).decoded(CheckInAnswer.self)
            #expect(alone.warnings == [])
            let copy = try await client.post(Paths.machineUpdates(Self.id), report, token: first).decoded(CheckInAnswer.self)
            #expect(copy.warnings.map(\.code) == [.machineShared])
            #expect(copy.patch != nil)
            let known = try await client.send(.get, Paths.machineInfo(Self.id), token: second).decoded(
                MachineInformationBody.self)
            #expect(known.machine.sharedSince != nil)
            #expect(try await server.parts.machines.store.count(MachineQuery()) == 1)
        }
    }

    @Test func `pings are counted and kept as a change of state`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name, upTo: "stable")
        let token = try await server.machine("m-1", in: "stable")
        try await server.application.test(.router) { client in
            let ping = MachinePing(
                .after, patchVersion: file.name.version, kernel: Self.kernel, patchState: .applyFailed, message: "it did not load"
            )
            let answer = try await client.post(Paths.machinePings(Self.id), ping, token: token)
            #expect(answer.status == .noContent)
        }
        let machine = try #require(
            try await server.parts.machines.store.machine(HashedMachineID(Self.id, key: ServerUnderTest.machineKey)))
        #expect(machine.report?.patchState == .applyFailed)
        #expect(machine.report?.message == "it did not load")
        let counter = try server.metrics.expectCounter(
            MachineMeter.pings,
            [
                ("ping_type", "after-insertion"), ("patch_version", "107.1"), ("kernel", "\(Self.kernel)"),
                ("patch_state", "apply-failed"),
            ])
        #expect(counter.totalValue == 1)
    }

    @Test func `labels of metrics hold nothing that a machine made up`() async throws {
        let server = try await ServerUnderTest()
        try await server.add(Self.name, upTo: "stable")
        let token = try await server.machine("m-1", in: "stable")
        let made = MachineKernel(
            version: try KernelVersion(parsing: "9.9.0-1.1"), flavour: try Flavour(parsing: "made-up"),
            architecture: Self.kernel.architecture)
        try await server.application.test(.router) { client in
            let ping = MachinePing(.before, patchVersion: PatchVersion(999, 9), kernel: made, patchState: .unapplied)
            let pinged = try await client.post(Paths.machinePings(Self.id), ping, token: token)
            #expect(pinged.status == .noContent)
            var report = MachineReport(kernel: made, patchState: .needsCheck)
            report.cutoffDate = server.clock.now
            report.patchDelaySeconds = 5
            #expect(try await client.post(Paths.machineUpdates(Self.id), report, token: token).status == .ok)
            var known = MachineReport(kernel: Self.kernel, patchState: .needsCheck)
            known.kernelBuildDate = server.clock.now
            #expect(try await client.post(Paths.machineUpdates(Self.id), known, token: token).status == .ok)
        }
        let ping = try server.metrics.expectCounter(
            MachineMeter.pings,
            [("ping_type", "before-insertion"), ("patch_version", "other"), ("kernel", "other"), ("patch_state", "unapplied")])
        #expect(ping.totalValue == 1)
        for label in [
            "livepatch_server_http_cutoff_date_count", "livepatch_server_http_patch_delay_count",
            "livepatch_client_updates_with_unknown_kernel_total", "livepatch_client_updates_without_build_date_total",
        ] { #expect(try server.metrics.expectCounter(label).totalValue == 1, "\(label)") }
    }

    @Test func `after its goodbye a machine's token opens nothing`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.machine("m-1", in: "stable")
        try await server.application.test(.router) { client in
            #expect(try await client.send(.get, Paths.syncHead, token: token).status == .ok)
            #expect(try await client.send(.delete, Paths.machine(Self.id), token: token).status == .noContent)
            for path in [Paths.machineInfo(Self.id), Paths.syncHead, Paths.patchFile(try PatchFileName(parsing: Self.name))] {
                #expect(try await client.send(.get, path, token: token).problem?.code == "token-refused", "\(path)")
            }
        }
        #expect(server.log.lines.contains { $0.contains("machinetoken_ended") })
    }

    @Test func `the address of files follows the template that the operator set`() async throws {
        var server = try await ServerUnderTest()
        let file = try await server.add(Self.name, upTo: "stable")
        let now = server.parts.now
        server.parts.machines = MachineParts(
            store: server.parts.machines.store, authTokens: server.parts.machines.authTokens, catalog: server.catalog,
            tiers: server.parts.tiers, key: ServerUnderTest.machineKey, url: { "https://files.example/\($0)" },
            interval: .seconds(600), logger: server.log.logger(label: "machines"), metrics: server.metrics, now: now)
        let token = try await server.machine("m-1", in: "stable")
        try await server.application.test(.router) { client in
            let report = MachineReport(kernel: Self.kernel, patchState: .needsCheck)
            let answer = try await client.post(Paths.machineUpdates(Self.id), report, token: token).decoded(CheckInAnswer.self)
            #expect(answer.patch?.url == "https://files.example/\(file.name)")
            #expect((450...750).contains(answer.nextCheckSeconds))
        }
    }
}
