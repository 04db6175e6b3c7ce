import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import Synchronization

/// All that is done with the servers while faults happen.
struct Load {
    let stage: SoakStage
    let plan: SoakPlan
    let machines: [SoakMachine]
    private let generator: PatchGenerator

    init(_ stage: SoakStage, _ plan: SoakPlan) async throws {
        self.stage = stage
        self.plan = plan
        generator = PatchGenerator(seed: plan.seed, codeBytes: 60_000)
        var machines: [SoakMachine] = []
        let tiers = try [TierName(parsing: "edge"), TierName(parsing: "stable")]
        for tier in tiers {
            let secret = try await stage.office { try await $0.addAuthToken(id: "\(tier)", tier: tier) }.secret
            for number in 0..<plan.machines where tiers[number % 2] == tier {
                guard let url = stage.server.url else { throw Office.Closed() }
                let kernel = stage.kernels[number / 2 % stage.kernels.count]
                machines.append(try await SoakMachine.attach(number, kernel: kernel, at: url, with: secret))
            }
        }
        self.machines = machines
    }

    private func random(_ name: String) -> SeededRandom { SeededRandom(seed: plan.seed, name: name) }

    /// Goes on until the time is over, whatever fails.
    func run() async throws {
        let end = ContinuousClock.now + .seconds(plan.seconds)
        stage.become(SoakStage.usualWeather)
        try await withThrowingTaskGroup { group in
            group.addTask { try await faults(until: end) }
            group.addTask { await releases(until: end) }
            group.addTask { await administration(until: end) }
            for worker in 0..<3 { group.addTask { await checkIns(worker, until: end) } }
            group.addTask { await customers(until: end) }
            group.addTask { await watch(until: end) }
            try await group.waitForAll()
        }
    }

    private func faults(until end: ContinuousClock.Instant) async throws {
        var faults = Faults(stage, random("faults"))
        while ContinuousClock.now < end { try await faults.next() }
    }

    private func releases(until end: ContinuousClock.Instant) async {
        let door = stage.originDoor.url
        var load = AdministratorLoad(
            stage.origin.name, Office { door }, stage.ledger, stage.findings, random("origin's administrator"))
        var next = 100
        while ContinuousClock.now < end {
            if next < 104 || Bool.random(using: &load.random) {
                await load.release(PatchVersion(next, 1), generator, kernels: stage.kernels, folder: stage.here.directory)
                next += 1
            } else {
                await load.change(blocksOnly: true)
            }
            await Self.pause(0.4...2.5, &load.random)
        }
    }

    private func administration(until end: ContinuousClock.Instant) async {
        let door = stage.door.url
        var load = AdministratorLoad(
            stage.server.name, Office { door }, stage.ledger, stage.findings, random("administrator"))
        while ContinuousClock.now < end {
            if Int.random(in: 0..<8, using: &load.random) == 0 { await load.changeTokens() } else { await load.change() }
            await Self.pause(0.05...0.5, &load.random)
        }
    }

    private func checkIns(_ worker: Int, until end: ContinuousClock.Instant) async {
        var random = random("machines \(worker)")
        var machines = machines.enumerated().filter { $0.offset % 3 == worker }.map(\.element)
        let customer = stage.customer(of: stage.server)
        while ContinuousClock.now < end, !machines.isEmpty {
            let index = Int.random(in: 0..<machines.count, using: &random)
            await machines[index].round(at: stage.door.url, customer, &random)
            await Self.pause(0.01...0.1, &random)
        }
    }

    private func customers(until end: ContinuousClock.Instant) async {
        var random = random("customers")
        let places = [(stage.origin, stage.originToken), (stage.server, stage.token)] + stage.sites.map { ($0.server, $0.token) }
        while ContinuousClock.now < end {
            for (server, token) in places {
                guard let name = stage.ledger.known.randomElement(using: &random) else { continue }
                let status = await stage.customer(of: server).download(name, from: server.url, token: token)
                if status == 401 { stage.findings.report(.acknowledged, "\(server.name) does not know a token that it issued") }
            }
            await Self.pause(0.01...0.1, &random)
        }
    }

    private func watch(until end: ContinuousClock.Instant) async {
        var random = random("watch")
        let offices =
            [(stage.origin, stage.originOffice), (stage.server, stage.office)] + stage.sites.map { ($0.server, $0.office) }
        while ContinuousClock.now < end {
            for (server, office) in offices {
                guard let list = try? await office({ try await $0.tiers() }) else { continue }
                stage.findings.count("looks at tiers")
                if let breach = TierNesting.breach(in: list) { stage.findings.report(.nested, "\(server.name): \(breach)") }
            }
            await Self.pause(0.2...0.5, &random)
        }
    }

    private static func pause(_ seconds: ClosedRange<Double>, _ random: inout SeededRandom) async {
        try? await Task.sleep(for: .seconds(Double.random(in: seconds, using: &random)))
    }
}
