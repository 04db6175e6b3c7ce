import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct CheckInTests {
    private let server = MachineServer()
    private let now = MachineSamples.now

    /// A machine's token, of an auth token for a tier.
    private func attach(_ machine: String = "m1", tier: TierName = "edge") async throws -> String {
        let (_, secret) = try await server.issuer.add("web \(machine) \(tier)", tier: tier, by: "alice")
        return try await server.attach(machine, with: secret)
    }

    private func ask(
        _ token: String, _ report: MachineReport, after seconds: Double = 0, by checkIn: CheckIn? = nil
    ) async throws -> CheckInAnswer {
        try await (checkIn ?? server.checkIn()).answer(
            report, from: try await server.identity(token), at: now.addingTimeInterval(seconds))
    }

    @Test func `the answer has the patch for exactly that kernel, with its place, and when to come back`() async throws {
        let files = try await server.release(
            "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", "livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2")
        let answer = try await ask(try await attach(), MachineSamples.report())
        #expect(answer.patch == CheckInAnswer.Offer(files[1], url: "/v1/patches/\(files[1].name)"))
        #expect(answer.reason == nil && answer.message == nil && answer.warnings == [] && !answer.revoked)
        #expect(answer.time == now && answer.tier == "edge" && answer.nextCheckSeconds == 3600)
        #expect(try await server.catalog.revision() == answer.revision)
    }

    /// Each file fits the one kernel that it names: a module of 6.1.0-55 loads into 6.1.0-56, and must not be offered to it.
    @Test(
        arguments: [
            ("6.1.0-55.190.1", "cloud-amd64", "amd64", "108.1"), ("6.1.0-56.192.2", "cloud-amd64", "amd64", "107.2"),
            ("6.1.0-56.192.2", "rt-amd64", "amd64", "107.3"), ("6.1.0-56.192.2", "cloud-amd64", "arm64", "107.4"),
            ("6.1.0-56.192.1", "cloud-amd64", "amd64", nil), ("6.1.0-57.192.2", "cloud-amd64", "amd64", nil),
            ("6.1.1-56.192.2", "cloud-amd64", "amd64", nil), ("6.1.0-56.192.2", "cloud", "amd64", nil),
            ("6.1.0-56.192.2", "amd64", "amd64", nil), ("6.1.0-56.192.2", "rt-amd64", "arm64", nil),
        ] as [(KernelVersion, Flavour, Architecture, PatchVersion?)])
    func `a kernel is offered its own patch and no other`(
        _ version: KernelVersion, _ flavour: Flavour, _ architecture: Architecture, _ expected: PatchVersion?
    ) async throws {
        try await server.release(
            "livepatch-6.1.0-55.190.1-cloud-amd64-108.1-amd64.tar.bz2",
            "livepatch-6.1.0-56.192.2-cloud-amd64-107.2-amd64.tar.bz2",
            "livepatch-6.1.0-56.192.2-rt-amd64-107.3-amd64.tar.bz2", "livepatch-6.1.0-56.192.2-cloud-amd64-107.4-arm64.tar.bz2")
        let kernel = MachineKernel(version: version, flavour: flavour, architecture: architecture)
        let answer = try await ask(try await attach(), MachineSamples.report(kernel: kernel))
        #expect(answer.patch?.version == expected)
        #expect(answer.patch.map { kernel.isFitted(by: $0.filename) } ?? true)
        #expect(answer.reason == (expected == nil ? .kernelUnknown : nil))
    }

    @Test func `promotion, blocks, withdrawal and missing content are seen at once, each with its reason`() async throws {
        try await server.release(
            "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", "livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2")
        let token = try await attach(tier: "stable")
        func told(_ applied: PatchVersion? = nil) async throws -> String {
            let answer = try await ask(token, MachineSamples.report(applied == nil ? .unapplied : .applied, applied: applied))
            #expect((answer.patch == nil) == (answer.message != nil))
            return (answer.patch?.version.description ?? answer.reason?.rawValue ?? "") + (answer.revoked ? " revoked" : "")
        }
        #expect(try await told() == "not-in-tier")
        try await server.administer(.promote(version: "107.1", tier: "stable"))
        #expect(try await told() == "107.1")
        #expect(try await told("108.1") == "applied-is-newer")
        try await server.administer(.promote(version: "108.1", tier: "stable"))
        #expect(try await told("107.1") == "108.1")
        try await server.catalog.setAvailable(false, ["livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2"])
        #expect(try await told("107.1") == "107.1")
        #expect(try await told("108.1") == "content-missing")
        try await server.catalog.setAvailable(true, ["livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2"])
        try await server.administer(.block(version: "108.1", reason: "panics"))
        #expect(try await told("108.1") == "107.1 revoked")
        #expect(try await told("107.1") == "107.1")
        try await server.administer(.block(version: "107.1", reason: "panics"))
        #expect(try await told("107.1") == "blocked revoked")
    }

    @Test func `cutoff date and patch delay count by the server's clock, from the origin's release`() async throws {
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", released: now.addingTimeInterval(-1000))
        let token = try await attach()
        func told(_ change: (inout MachineReport) -> Void) async throws -> String {
            let answer = try await ask(token, MachineSamples.report(.unapplied, change))
            return answer.patch?.version.description ?? answer.reason?.rawValue ?? ""
        }
        #expect(try await told { $0.patchDelaySeconds = 1000 } == "107.1")
        #expect(try await told { $0.patchDelaySeconds = 1001 } == "patch-delay")
        #expect(try await told { $0.patchDelaySeconds = .max } == "patch-delay")
        // The machine's own clock is a year ahead.
        #expect(
            try await told {
                $0.patchDelaySeconds = 1001
                $0.time = now.addingTimeInterval(86_400 * 365)
            } == "patch-delay")
        #expect(try await told { $0.cutoffDate = now.addingTimeInterval(-1000) } == "107.1")
        #expect(try await told { $0.cutoffDate = now.addingTimeInterval(-1001) } == "cutoff-date")
    }

    @Test func `a kernel that no patch fits is asked about`() async throws {
        struct Coverage: KernelSupport {
            func obstacle(to kernel: MachineKernel, buildDate: Date?, codename: String?, at time: Date) async throws
                -> KernelObstacle?
            {
                codename == "warty" ? KernelObstacle(.kernelEndOfLife, "4.10 has come to its end.") : nil
            }
        }
        let token = try await attach(tier: "stable")
        let checkIn = server.checkIn(support: Coverage())
        let unknown = try await ask(token, MachineSamples.report(), by: checkIn)
        #expect(unknown.reason == .kernelUnknown && unknown.message?.contains("5.15.0-107.117-generic amd64") == true)
        let old = try await ask(token, MachineSamples.report { $0.codename = "warty" }, by: checkIn)
        #expect(old.reason == .kernelEndOfLife && old.message == "4.10 has come to its end.")
        // Where there is a patch, though not in this tier, nobody is asked.
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let known = try await ask(token, MachineSamples.report { $0.codename = "warty" }, by: checkIn)
        #expect(known.reason == .notInTier)
        #expect(try await checkIn.knows(MachineSamples.kernel()))
        #expect(try await !checkIn.knows(MachineSamples.kernel(flavour: "aws")))
    }

    @Test func `the next check-in lies between three and five quarters of the interval`() async throws {
        let token = try await attach()
        for (jitter, seconds) in [(0.0, 2700), (0.5, 3600), (1.0, 4500), (-3, 2700), (7, 4500)] {
            let answer = try await ask(token, MachineSamples.report(.applyFailed), by: server.checkIn(jitter: jitter))
            #expect(answer.nextCheckSeconds == seconds)
        }
        let impatient = server.checkIn(interval: .zero)
        #expect(try await ask(token, MachineSamples.report(), by: impatient).nextCheckSeconds == 1)
    }

    @Test func `a clock that is off by more than five minutes is told of`() async throws {
        let token = try await attach()
        for (seconds, words) in [(300.0, nil), (-300, nil), (301, "5m1s ahead of"), (-7200, "2h behind")] as [(Double, String?)] {
            let answer = try await ask(token, MachineSamples.report { $0.time = now.addingTimeInterval(seconds) })
            #expect(answer.warnings.map(\.code) == (words == nil ? [] : [.clockOff]))
            if let words { #expect(answer.warnings.first?.message.contains(words) == true, "\(answer.warnings)") }
        }
    }

    @Test func `what was cut is told, and the rest is kept`() async throws {
        let token = try await attach()
        let answer = try await ask(
            token, MachineSamples.report(.applyFailed) { $0.message = String(repeating: "x", count: 9999) })
        #expect(answer.warnings.map(\.code) == [.reportCut])
        #expect(answer.warnings.first?.message.contains("message") == true)
        let kept = try await server.store.store.machine(try MachineSamples.hashed("m1"))
        #expect(kept?.report?.message?.utf8.count == MachineReport.textLimit)
    }

    @Test func `two machines of one id are told so and answered, until one registers anew`() async throws {
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let token = try await attach()
        #expect(try await ask(token, MachineSamples.report(uptime: 100)).warnings == [])
        let shared = try await ask(token, MachineSamples.report(uptime: 9000), after: 60)
        #expect(shared.warnings.map(\.code) == [.machineShared])
        #expect(shared.patch != nil)
        let id = try MachineSamples.hashed("m1")
        #expect(try await server.store.store.machine(id)?.sharedSince == now.addingTimeInterval(60))
        server.clock.advance(by: .seconds(70))
        let (_, secret) = try await server.issuer.add("anew", tier: "edge", by: "alice")
        let new = try await server.attach("m1", with: secret)
        #expect(try await server.store.store.machine(id)?.sharedSince == nil)
        #expect(try await ask(new, MachineSamples.report(uptime: 180), after: 80).warnings == [])
        // The copy goes on with the old token.
        #expect(try await ask(token, MachineSamples.report(uptime: 180), after: 80).warnings.map(\.code) == [.machineShared])
    }

    @Test func `a change is durable before the answer, and what is no change costs the store nothing`() async throws {
        let token = try await attach()
        let id = try MachineSamples.hashed("m1")
        _ = try await ask(token, MachineSamples.report(.applied, applied: "107.1"))
        #expect(try await server.store.store.history(of: id, limit: 9).count == 1)
        let before = server.store.counts
        for seconds in 1...20 {
            _ = try await ask(
                token, MachineSamples.report(.applied, applied: "107.1", uptime: Int64(seconds)), after: Double(seconds))
        }
        let after = server.store.counts
        #expect(after.batches.count == before.batches.count)
        #expect(after.machineReads == before.machineReads && after.identityReads == before.identityReads)
        try await server.batcher.flush()
        #expect(try await server.store.store.machine(id)?.report?.uptimeSeconds == 20)
        #expect(try await server.store.store.history(of: id, limit: 9).count == 1)
    }

    @Test func `while the database cannot be written, what changes nothing is answered and changes are not`() async throws {
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let token = try await attach()
        _ = try await ask(token, MachineSamples.report(.unapplied))
        server.store.onWrite { _ in throw LivepatchError(.storageFull, "The disk is full.") }
        #expect(try await ask(token, MachineSamples.report(.unapplied)).patch != nil)
        for _ in 0..<3 {
            await expectError(.databaseUnavailable) { try await ask(token, MachineSamples.report(.applied, applied: "107.1")) }
        }
        server.store.onWrite { _ in }
        _ = try await ask(token, MachineSamples.report(.applied, applied: "107.1"))
        let history = try await server.store.store.history(of: try MachineSamples.hashed("m1"), limit: 9)
        #expect(history.map(\.report.patchState) == [.applied, .unapplied])
    }

    @Test func `pings tell of a change where they tell one`() async throws {
        let token = try await attach()
        let checkIn = server.checkIn()
        _ = try await ask(token, MachineSamples.report(.unapplied) { $0.cpuModel = "toaster" })
        func ping(_ kind: MachinePing.Kind, _ state: PatchState, _ version: PatchVersion, _ message: String? = nil) async throws {
            let ping = MachinePing(
                kind, patchVersion: version, kernel: MachineSamples.kernel(), patchState: state, message: message)
            try await checkIn.note(ping, from: try await server.identity(token), at: now.addingTimeInterval(5))
        }
        try await ping(.before, .unapplied, "107.1")
        try await ping(.after, .applied, "107.1")
        try await ping(.oneMinute, .applied, "107.1")
        try await ping(.after, .applyFailed, "108.1", "no symbol")
        let history = try await server.store.store.history(of: try MachineSamples.hashed("m1"), limit: 9).map(\.report)
        #expect(history.map(\.patchState) == [.applyFailed, .applied, .unapplied, .unapplied])
        #expect(history.map(\.patchVersion) == ["107.1", "107.1", nil, nil])
        #expect(history.map(\.attemptedVersion) == ["108.1", nil, "107.1", nil])
        #expect(history.first?.message == "no symbol")
        #expect(history.allSatisfy { $0.cpuModel == "toaster" })
    }

    @Test func `many machines at once are all answered, and read the catalogue as one`() async throws {
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        var tokens: [String] = []
        for number in 0..<200 { tokens.append(try await server.attach("m\(number)", with: secret)) }
        let checkIn = server.checkIn()
        let answers = try await withThrowingTaskGroup { group in
            for token in tokens {
                group.addTask {
                    guard case .accepted(let identity, let revision) = try await server.authority.decide(token) else {
                        throw MachineAuthority.refusal
                    }
                    return try await checkIn.answer(MachineSamples.report(), from: identity, as: revision, at: now)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 200 && answers.allSatisfy { $0.patch?.version == "107.1" })
        #expect(server.counted.attempts == 1)
        #expect(try await server.store.store.count(MachineQuery()) == 200)
    }

    @Test func `reports of one machine at once are written in the order in which they counted`() async throws {
        let token = try await attach()
        let identity = try await server.identity(token)
        let checkIn = server.checkIn()
        try await withThrowingTaskGroup { group in
            for number in 1...40 {
                group.addTask {
                    _ = try await checkIn.answer(
                        MachineSamples.report(.applied, applied: PatchVersion(number, 1)), from: identity, at: now)
                }
            }
            try await group.waitForAll()
        }
        let id = try MachineSamples.hashed("m1")
        let history = try await server.store.store.history(of: id, limit: 99)
        #expect(history.count == 40)
        #expect(try await server.store.store.machine(id)?.report == history.first?.report)
        #expect(server.store.counts.machineReads <= 40)
    }

    @Test func `no more kernels and machines are remembered than there is room for`() async throws {
        let server = MachineServer(memory: 2, kernels: 2)
        let (_, secret) = try await server.issuer.add("web", tier: "edge", by: "alice")
        let checkIn = server.checkIn()
        for number in 1...5 {
            let identity = try await server.identity(try await server.attach("m\(number)", with: secret))
            let kernel = MachineSamples.kernel(try KernelVersion(parsing: "5.15.0-\(number).1"))
            _ = try await checkIn.answer(MachineSamples.report(kernel: kernel), from: identity, at: now)
        }
        #expect(server.offers.count == 2)
        #expect(server.store.counts.machineReads == 5)
        let first = try MachineSamples.identity("m1")
        _ = try await checkIn.answer(MachineSamples.report(), from: first, at: now)
        #expect(server.store.counts.machineReads == 6)
    }

    @Test func `a machine whose tier is gone by now is told that it holds nothing`() async throws {
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let answer = try await server.checkIn().answer(
            MachineSamples.report(), from: try MachineSamples.identity(tier: "gone"), at: now)
        #expect(answer.reason == .notInTier)
    }
}
