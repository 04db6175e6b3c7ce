import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator

/// An administrator who changes something at a server again and again, and writes down what was acknowledged.
struct AdministratorLoad {
    let place: String
    let office: Office
    let ledger: Ledger
    let findings: Findings
    var random: SeededRandom
    /// The last change, if nothing was tried since.
    private var last: (change: Int64, version: PatchVersion)?
    private var tokens: [(name: String, secret: String)] = []
    private var count = 0

    init(_ place: String, _ office: Office, _ ledger: Ledger, _ findings: Findings, _ random: SeededRandom) {
        self.place = place
        self.office = office
        self.ledger = ledger
        self.findings = findings
        self.random = random
    }

    // MARK: Tiers and blocks

    /// Makes one change in tiers or blocks.
    /// - Parameter blocksOnly: whether nothing is promoted or withdrawn.
    mutating func change(blocksOnly: Bool = false) async {
        let versions = Set(ledger.imported.map(\.version)).sorted()
        guard let version = versions.randomElement(using: &random) else { return }
        let tiers = ["beta", "candidate", "stable"].compactMap { try? TierName(parsing: $0) }
        guard let tier = tiers.randomElement(using: &random) else { return }
        let blocked = ledger.blocked(at: place)
        switch Int.random(in: 0..<20, using: &random) {
        case 0...2:
            await carryOut(.block(version: version, reason: "a soak"), of: version)
        case 3...5:
            guard let version = blocked.randomElement(using: &random) else { return }
            await carryOut(.unblock(version: version, reason: "a soak"), of: version)
        case _ where blocksOnly: return
        case 6: if let last { await carryOut(.undo(change: last.change), of: last.version) }
        case 7...9: await carryOut(.withdraw(version: version, tier: tier), of: version)
        default: await carryOut(.promote(version: version, tier: tier), of: version)
        }
    }

    private mutating func carryOut(_ command: TierCommand, of version: PatchVersion) async {
        let blocks = if case .block = command { true } else { false }
        switch command {
        // From the moment that it is asked for nobody knows, until the answer.
        case .unblock, .undo: ledger.forget(blockOf: version, at: place)
        default: break
        }
        last = nil
        do {
            let result = try await office { try await $0.change(command) }
            if let change = result.change {
                ledger.acknowledge(change: change, command, at: place)
                last = (change, version)
                findings.count("changes at \(place)")
            }
            if blocks { ledger.block(version, at: place) }
        } catch {
            findings.count("changes at \(place) that were not acknowledged")
        }
    }

    // MARK: Releases

    /// Imports a new patch version, a file for each kernel.
    mutating func release(_ version: PatchVersion, _ generator: PatchGenerator, kernels: [KernelVersion], folder: String) async {
        guard let flavour = try? Flavour(parsing: "generic") else { return }
        for name in PatchNames(versions: [version], kernels: kernels, flavours: [flavour]).all() {
            do {
                let bytes = try generator.file(name)
                ledger.know(name, bytes)
                let path = "\(folder)/\(name)"
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                _ = try await office { try await $0.importPatch(at: path, as: "\(name)") }
                ledger.acknowledge(import: name)
                findings.count("imports")
            } catch {
                findings.count("imports that were not acknowledged")
            }
        }
    }

    // MARK: Tokens

    /// Issues a sync token, or revokes one.
    mutating func changeTokens() async {
        if tokens.count > 2, let token = tokens.popLast() {
            ledger.note(token: token.secret, isGood: nil)
            guard (try? await office({ try await $0.revokeSyncToken(token.name) })) != nil else { return }
            ledger.note(token: token.secret, isGood: false)
            findings.count("tokens revoked")
        } else {
            count += 1
            let name = "soak-\(count)"
            guard let tier = try? TierName(parsing: "edge"),
                let token = try? await office({ try await $0.addSyncToken(tier: tier, name: name) })
            else { return }
            ledger.note(token: token.secret, isGood: true)
            tokens.append((name, token.secret))
            findings.count("tokens issued")
        }
    }
}
