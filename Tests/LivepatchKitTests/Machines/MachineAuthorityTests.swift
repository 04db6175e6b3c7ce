import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct MachineAuthorityTests {
    private let server = MachineServer()

    private func refusal(_ decision: MachineAuthority.Decision) -> MachineAuthority.Refusal? {
        guard case .refused(let refusal, _) = decision else { return nil }
        return refusal
    }

    private func refusal(_ secret: String?) async throws -> MachineAuthority.Refusal? {
        refusal(try await server.authority.decide(secret))
    }

    private func registrationRefusal(_ secret: String?) async throws -> String {
        switch try await server.registrar.register(MachineSamples.id("m1"), with: secret) {
        case .registered: "none"
        case .refused(let refusal, let token): "\(refusal) \(token ?? "-")"
        }
    }

    @Test func `a machine that registers gets a token of its own, for its tier`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "beta", by: "alice")
        guard case .registered(let registration) = try await server.registrar.register(MachineSamples.id("m1"), with: secret)
        else {
            Issue.record("the machine was refused")
            return
        }
        #expect(TokenSecret.isWellFormed(registration.secret) && registration.secret != secret)
        #expect(registration.machine.tier == "beta" && registration.machine.authToken == "web")
        let id = try MachineSamples.hashed("m1")
        #expect(registration.machine.id == id)
        guard
            case .accepted(let identity, _) = try await server.authority.decide(registration.secret, for: MachineSamples.id("m1"))
        else {
            Issue.record("the token was refused")
            return
        }
        #expect(
            identity == MachineIdentity(machine: id, authToken: "web", tier: "beta", issued: server.clock.date, isNewest: true))
        #expect(refusal(try await server.authority.decide(registration.secret, for: MachineSamples.id("m2"))) == .mismatch)
    }

    @Test func `what is wrong with an auth token is told to the log`() async throws {
        #expect(try await registrationRefusal(nil) == "missing -")
        #expect(try await registrationRefusal("") == "missing -")
        #expect(try await registrationRefusal("secret") == "malformed -")
        #expect(try await registrationRefusal(TokenIssuer.systemSecret()) == "unknown -")
        let until = server.clock.date.addingTimeInterval(60)
        let (_, secret) = try await server.issuer.add("web", tier: "beta", validUntil: until, by: "alice")
        let machine = try await server.attach("m1", with: secret)
        server.clock.advance(by: .seconds(60))
        #expect(try await registrationRefusal(secret) == "expired web")
        // Those that were attached stay.
        #expect(try await refusal(machine) == nil)
        try await server.issuer.revoke("web", by: "alice")
        #expect(try await registrationRefusal(secret) == "revoked web")
        #expect(try await refusal(machine) == .unknown)
    }

    @Test func `what is wrong with a machine token is told to the log`() async throws {
        #expect(try await refusal(nil) == .missing)
        #expect(try await refusal("") == .missing)
        #expect(try await refusal("secret") == .malformed)
        #expect(try await refusal(TokenIssuer.systemSecret()) == .unknown)
    }

    @Test func `a limit counts machines, not registrations, and a token that moved on leaves room`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "beta", machineLimit: 2, by: "alice")
        let (_, other) = try await server.issuer.add("other", tier: "beta", by: "alice")
        for machine in ["m1", "m1", "m2", "m1"] { _ = try await server.attach(machine, with: secret) }
        await expectError(.machineLimit, naming: ["'web'", "2 machines"]) { try await server.attach("m3", with: secret) }
        _ = try await server.attach("m2", with: other)
        _ = try await server.attach("m3", with: secret)
    }

    @Test func `a token is remembered until the catalogue's revision moves`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        let machine = try await server.attach("m1", with: secret)
        for _ in 0..<5 { _ = try await server.identity(machine) }
        #expect(server.store.counts.identityReads == 1)
        try await server.issuer.move("web", to: "stable", by: "alice")
        for _ in 0..<5 { #expect(try await server.identity(machine).tier == "stable") }
        #expect(server.store.counts.identityReads == 2)
        try await server.administer(.renameTier(name: "stable", newName: "calm"))
        #expect(try await server.identity(machine).tier == "calm")
        #expect(server.store.counts.identityReads == 3)
        _ = try await server.store.forget([try MachineSamples.hashed("m1")], entry: MachineSamples.entry("machines forget"))
        #expect(try await refusal(machine) == .unknown)
    }

    @Test func `no more tokens are remembered than there is room for`() async throws {
        let server = MachineServer(memory: 2)
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        var machines: [String] = []
        for number in 1...3 { machines.append(try await server.attach("m\(number)", with: secret)) }
        for machine in machines { _ = try await server.identity(machine) }
        for machine in machines.reversed() { _ = try await server.identity(machine) }
        #expect(server.store.counts.identityReads == 4)
    }

    @Test func `the newest four tokens of a machine work, and only one is the newest`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        var tokens: [String] = []
        for _ in 1...5 {
            tokens.append(try await server.attach("m1", with: secret))
            for token in tokens { _ = try await server.authority.decide(token) }
        }
        #expect(try await refusal(tokens[0]) == .unknown)
        var newest: [Bool] = []
        for token in tokens.dropFirst() { newest.append(try await server.identity(token).isNewest) }
        #expect(newest == [false, false, false, true])
    }

    @Test func `a token that is ended is refused at once, and the one before it is the newest`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        let old = try await server.attach("m1", with: secret)
        let new = try await server.attach("m1", with: secret)
        for token in [old, new] { _ = try await server.identity(token) }
        try await server.authority.end(new)
        #expect(try await refusal(new) == .unknown)
        #expect(try await server.identity(old).isNewest)
        try await server.authority.end(TokenIssuer.systemSecret())
    }

    @Test func `what was read before a registration is not remembered after it`() async throws {
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        let old = try await server.attach("m1", with: secret)
        let door = Door()
        server.store.onRead { await door.pass() }
        let early = Task { try await server.identity(old).isNewest }
        try await eventually { await door.arrivals == 1 }
        _ = try await server.attach("m1", with: secret)
        await door.open()
        #expect(try await early.value)
        #expect(try await server.identity(old).isNewest == false)
    }
}
