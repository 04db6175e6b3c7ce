import Foundation
import PatchGenerator
import Processes

/// What goes wrong, one thing after another, and sometimes a kill in the middle of it.
struct Faults {
    enum Kind: String, CaseIterable {
        case frozenUpstream = "the upstream stands still"
        case killedUpstream = "the upstream is killed"
        case killed = "the server is killed"
        case fullDisk = "the server's disk is full"
        case clock = "the server's clock jumps"
        case storm = "connections are cut and bytes changed"
        case killedDownstream = "a downstream is killed"
    }

    /// Where the server's clock is put, in seconds from the true time: less than a minute, an hour, more than the signatures' life, and
    /// more than a session's.
    static let jumps: [Int64] = [-172_800, -3600, -45, 45, 3600, 100_000, 1_728_000]

    let stage: SoakStage
    var random: SeededRandom
    private var deck: [Kind] = []

    init(_ stage: SoakStage, _ random: SeededRandom) {
        self.stage = stage
        self.random = random
    }

    /// Makes one fault, and undoes it. Every kind has its turn before one has its second.
    mutating func next() async throws {
        if deck.isEmpty { deck = Kind.allCases.filter(stage.isPossible).shuffled(using: &random) }
        let kind = deck.removeLast()
        stage.findings.count(kind.rawValue)
        switch kind {
        case .frozenUpstream:
            stage.origin.freeze()
            await pause(0.3...2.5)
            stage.origin.thaw()
        case .killedUpstream:
            try await stage.origin.kill9()
            await pause(0.1...1.5)
            try await stage.origin.start()
        case .killed:
            try await killServer()
        case .fullDisk:
            stage.disk?.fill()
            await pause(0.5...2)
            await killSometimes()
            await pause(0.2...1)
            stage.disk?.free()
        case .clock:
            try stage.clock?.set(Self.jumps.randomElement(using: &random) ?? 0)
            await pause(0.5...2)
            await killSometimes()
            await pause(0.2...1)
            try stage.clock?.set(0)
        case .storm:
            stage.become(Weather(cuts: 0.7, corruption: 0.4))
            await pause(1...3)
            stage.become(SoakStage.usualWeather)
        case .killedDownstream:
            guard let site = stage.sites.randomElement(using: &random) else { return }
            try await site.server.kill9()
            await pause(0.1...0.5)
            try await site.server.start()
        }
        await pause(0.3...1.2)
        // A server that does not come back because of what is wrong is started when it no longer is.
        if stage.server.url == nil { try await stage.server.start() }
        for server in stage.servers { server.checkAlive() }
    }

    private mutating func killServer() async throws {
        try await stage.server.kill9()
        await pause(0...0.8)
        try await stage.server.start()
    }

    private mutating func killSometimes() async {
        guard Int.random(in: 0..<5, using: &random) < 2 else { return }
        stage.findings.count(Kind.killed.rawValue)
        try? await killServer()
    }

    private mutating func pause(_ seconds: ClosedRange<Double>) async {
        try? await Task.sleep(for: .seconds(Double.random(in: seconds, using: &random)))
    }
}
