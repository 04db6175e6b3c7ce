import AsyncHTTPClient
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import NIOCore
import NIOHTTP1

/// What has to hold when the faults are over.
struct Inspection {
    let stage: SoakStage
    let machines: [SoakMachine]

    private var findings: Findings { stage.findings }
    private var ledger: Ledger { stage.ledger }
    private var offices: [(server: FrailServer, office: Office, token: String)] {
        [(stage.origin, stage.originOffice, stage.originToken), (stage.server, stage.office, stage.token)]
            + stage.sites.map { ($0.server, $0.office, $0.token) }
    }

    /// Waits until every server shows what the one above it does, or for so long.
    func converge(within limit: Duration) async {
        let end = ContinuousClock.now + limit
        var reason = ""
        repeat {
            for office in [stage.office] + stage.sites.map(\.office) { try? await office.sync() }
            do {
                guard let difference = try await difference() else { return }
                reason = difference
            } catch {
                reason = "\(error)"
            }
            try? await Task.sleep(for: .milliseconds(300))
        } while ContinuousClock.now < end
        var reports: [String] = []
        for (server, office, _) in offices.dropFirst() {
            let report = try? await office { try await $0.syncReports(limit: 1).reports.first }
            reports.append("\(server.name): \(report.map { "\($0.result), \($0.failures.map(\.message))" } ?? "no report")")
        }
        findings.report(.converging, "\(limit) after the last fault: \(reason)\n\(reports.joined(separator: "\n"))")
    }

    /// What a server does not show as the one above it.
    private func difference() async throws -> String? {
        let above = try await stage.originOffice { try await $0.tiers() }
        let here = try await stage.office { try await $0.tiers() }
        let own = Set(try await blockedHere())
        guard let first = above.tiers.first, let ownFirst = here.tiers.first else { return "there are no tiers" }
        if Set(first.versions).subtracting(own) != Set(ownFirst.versions) {
            return "\(stage.server.name) offers \(ownFirst.versions) of the origin's \(first.versions), and blocks \(own)"
        }
        for (site, isMirror) in zip(stage.sites, [true, false]) {
            let below = try await site.office { try await $0.tiers() }
            let pairs = isMirror ? Array(zip(here.tiers, below.tiers)) : Array(zip(here.tiers, below.tiers).prefix(1))
            for (one, other) in pairs where Set(one.versions) != Set(other.versions) {
                return "\(site.server.name) offers \(other.versions) in \(other.name), and the server above it \(one.versions)"
            }
        }
        return nil
    }

    /// What an administrator of the server itself blocked.
    private func blockedHere() async throws -> [PatchVersion] {
        let tiers = try await stage.office { try await $0.tiers() }.tiers.map(\.name)
        let replay = ReplayedHistory(try await history(stage.office), tiers: tiers)
        return replay.standings.filter(\.value.isBlocked).map(\.key)
    }

    /// Everything that was acknowledged, at every server.
    func check() async throws {
        for (server, office, token) in offices {
            let tiers = try await office { try await $0.tiers() }
            if let breach = TierNesting.breach(in: tiers) { findings.report(.nested, "\(server.name): \(breach)") }
            try await checkFiles(of: server, offered: Set(tiers.tiers.first?.versions ?? []), token)
            try await checkStorage(of: server, office, offered: Set(tiers.tiers.first?.versions ?? []))
        }
        try await checkHistory(at: stage.origin, stage.originOffice)
        try await checkHistory(at: stage.server, stage.office)
        try await checkMachines()
        try await checkTokens()
    }

    private func checkFiles(of server: FrailServer, offered: Set<PatchVersion>, _ token: String) async throws {
        let gone = Set(ledger.blocked(at: server.name) + ledger.blocked(at: stage.origin.name))
        for version in gone where offered.contains(version) {
            findings.report(.blocked, "\(server.name) offers \(version), which is blocked")
        }
        for name in ledger.imported {
            let status = await stage.customer(of: server).download(name, from: server.url, token: token)
            if gone.contains(name.version) {
                if status != 404 {
                    findings.report(.blocked, "\(server.name) answers \(status ?? 0) for \(name), which is blocked")
                }
            } else if offered.contains(name.version), status != 200 {
                findings.report(.acknowledged, "\(server.name) answers \(status ?? 0) for \(name), which it offers")
            }
        }
    }

    /// All content is what it should be. What was blocked before all of it had come need not be there.
    private func checkStorage(of server: FrailServer, _ office: Office, offered: Set<PatchVersion>) async throws {
        try await office { client in
            for try await event in try await client.verifyStorage(repair: false) {
                guard case .ended(let result) = event else { continue }
                let wrong = result.findings.filter { $0.fault != .missing || offered.contains($0.file.version) }
                for finding in wrong { findings.report(.verified, "at \(server.name) \(finding.file) is \(finding.fault)") }
            }
        }
    }

    private func history(_ office: Office) async throws -> [ChangeRecord] {
        try await office { client in
            var all: [ChangeRecord] = []
            while true {
                let page = try await client.history(limit: 200, before: all.last?.id).changes
                all += page
                if page.count < 200 { return all }
            }
        }
    }

    private func checkHistory(at server: FrailServer, _ office: Office) async throws {
        let history = try await history(office)
        let actions = Dictionary(history.map { ($0.id, $0.action) }) { first, _ in first }
        for (change, action) in ledger.changes(at: server.name) where actions[change] != action {
            findings.report(
                .acknowledged, "\(server.name) acknowledged change \(change), '\(action)', and has '\(actions[change] ?? "none")'"
            )
        }
        let patches = try await office { try await $0.patches().patches }
        let replay = ReplayedHistory(history, tiers: try await office { try await $0.tiers() }.tiers.map(\.name))
        for patch in patches {
            let version = patch.record.version
            if patch.tiers.count - 1 != replay[version].tier {
                findings.report(
                    .acknowledged,
                    "at \(server.name) \(version) is in \(patch.tiers), and after its history the last would be number \(replay[version].tier)"
                )
            }
        }
        let known = Set(patches.map(\.record.version))
        if server === stage.origin {
            for name in ledger.imported where !known.contains(name.version) {
                findings.report(.acknowledged, "the origin does not know \(name), which it took")
            }
        }
    }

    private func checkMachines() async throws {
        for machine in machines {
            guard let report = ledger.report(of: machine.number), let acknowledged = report.acknowledged else { continue }
            let known = try? await machine.with(stage.server.url) { try await $0.information() }.machine.report
            let possible = [acknowledged] + report.possible.map(\.report)
            guard let known, possible.contains(where: { $0.isInState(of: known) }) else {
                findings.report(
                    .acknowledged,
                    "machine \(machine.number) said \(acknowledged.patchState) of \(acknowledged.patchVersion?.description ?? "nothing"), and the server knows \(known.map { "\($0.patchState) of \($0.patchVersion?.description ?? "nothing")" } ?? "nothing")"
                )
                continue
            }
            findings.count("machines' states compared")
        }
    }

    private func checkTokens() async throws {
        guard let url = stage.server.url else { return }
        for (secret, isGood) in ledger.tokens {
            var request = HTTPClientRequest(url: url + Paths.syncHead)
            request.headers.add(name: "authorization", value: "Bearer \(secret)")
            let status = try await HTTPClient.shared.execute(request, timeout: .seconds(15)).status.code
            guard (status == 200) != isGood else { continue }
            findings.report(.acknowledged, "a sync token that was \(isGood ? "issued" : "revoked") is answered \(status)")
        }
    }
}
