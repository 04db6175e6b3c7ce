import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchKit

@Suite("A diagnosis")
struct DiagnosticCheckTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)
    private let deployment: DeploymentID

    init() throws { deployment = try DeploymentID(parsing: "origin") }

    private func day(_ days: Double) -> Date { now.addingTimeInterval(days * 86_400) }

    private func states(_ check: any DiagnosticCheck) -> [DiagnosticFinding.State] {
        let findings = check.findings(at: now)
        #expect(!findings.isEmpty)
        for finding in findings {
            #expect(finding.state == .ok || finding.advice != nil, "\(finding.message) says nothing of what to do")
            #expect(finding.message.hasSuffix("."), "\(finding.message)")
        }
        return findings.map(\.state)
    }

    @Test(
        "a clock that is off by more than the way explains is told, and by a minute is a failure",
        arguments: [
            (0.0, DiagnosticFinding.State.ok), (2, .ok), (-4, .ok), (6, .warning), (-7.5, .warning), (59, .warning),
            (62, .failure),
            (-62, .failure), (86_400, .failure),
        ])
    func clock(_ ahead: Double, _ state: DiagnosticFinding.State) {
        let server = Date(timeIntervalSince1970: (now.timeIntervalSince1970 + ahead).rounded(.down))
        #expect(states(ClockCheck(server: server, asked: now, answered: now.addingTimeInterval(0.2))) == [state])
        // A slow way explains as much as it took.
        #expect(ClockCheck(server: now, asked: day(-1), answered: now).difference == 0)
    }

    @Test("secrets in the clear are told")
    func clearText() {
        #expect(states(ClearTextCheck(url: "http://a", isUsed: true)) == [.warning])
        #expect(states(ClearTextCheck(url: "https://a", isUsed: false)) == [.ok])
    }

    @Test("a certificate that ends, has ended or is not believed is told")
    func certificate() {
        #expect(states(CertificateCheck(expires: day(31), names: ["a"])) == [.ok])
        #expect(states(CertificateCheck(expires: day(29), names: ["a"])) == [.warning])
        #expect(states(CertificateCheck(expires: day(2), names: ["a"])) == [.failure])
        #expect(states(CertificateCheck(expires: day(-1), names: ["a"], refusal: "it has expired")) == [.failure])
        let refused = CertificateCheck(expires: day(99), names: ["a.example.com"], refusal: "the host name is another")
        #expect(states(refused) == [.failure])
        #expect(refused.findings(at: now)[0].message.contains("a.example.com"))
    }

    @Test("tokens are told before they end, and afterwards if somebody was using them")
    func tokens() {
        func token(_ end: Double?, used: Double? = nil) -> TokenCheck {
            TokenCheck([.init(kind: "sync token", name: "t", validUntil: end.map(day), lastUsed: used.map(day))])
        }
        #expect(states(token(nil)) == [.ok])
        #expect(states(token(15)) == [.ok])
        #expect(states(token(13)) == [.warning])
        #expect(states(token(1)) == [.failure])
        #expect(states(token(-1, used: -1.1)) == [.failure])
        #expect(states(token(-1, used: -20)) == [.ok], "it was out of use before it ended")
        #expect(states(token(-40, used: -40)) == [.ok], "that is long ago")
    }

    @Test("a server that does not come to sync is told, with the reason")
    func sync() {
        func report(_ result: SyncReport.Result, _ age: Double) -> SyncReport {
            SyncReport(
                started: day(-age), ended: day(-age), result: result,
                failures: result == .failed ? [.init(file: nil, code: "upstream-unreachable", message: "No route.")] : [])
        }
        func check(_ last: SyncReport?, success: Double?, started: Double = -10) -> SyncCheck {
            SyncCheck(
                isEnabled: true, interval: .seconds(3600), last: last, lastSuccess: success.map(day), started: day(started))
        }
        #expect(states(check(report(.complete, 0.01), success: -0.01)) == [.ok])
        #expect(states(check(report(.failed, 0.01), success: -0.05)) == [.warning])
        #expect(states(check(report(.failed, 0.01), success: -1)) == [.failure])
        #expect(check(report(.failed, 0.01), success: -1).findings(at: now)[0].message.contains("No route."))
        #expect(states(check(nil, success: nil)) == [.failure])
        #expect(states(check(nil, success: nil, started: -0.01)) == [.ok])
        #expect(states(SyncCheck(isEnabled: false, interval: .zero, last: nil, lastSuccess: nil, started: now)) == [.ok])
    }

    @Test("downstreams that have fallen silent are told")
    func downstreams() {
        func downstream(_ age: Double) -> DownstreamCheck.Downstream {
            .init(name: "site", lastHeard: day(-age), patience: 86_400)
        }
        #expect(states(DownstreamCheck([])) == [.ok])
        #expect(states(DownstreamCheck([downstream(0.5)])) == [.ok])
        #expect(states(DownstreamCheck([downstream(0.5), downstream(2)])) == [.warning])
    }

    @Test("webhooks that are disabled, or whose deliveries were given up, are told")
    func webhooks() throws {
        func summary(failed: Int = 0, disabled: Bool = false) throws -> WebhookSummary {
            WebhookSummary(
                webhook: Webhook(
                    id: 1, url: try WebhookURL(parsing: "https://example.com/hook"),
                    events: try WebhookSubscription(["*"]),
                    created: now, disabled: disabled ? now : nil, disabledReason: disabled ? "it answered 410" : nil),
                pending: 0, failed: failed, lastDelivered: nil)
        }
        #expect(states(WebhookCheck([])) == [.ok])
        #expect(states(WebhookCheck([try summary()])) == [.ok])
        #expect(states(WebhookCheck([try summary(failed: 2)])) == [.warning])
        #expect(states(WebhookCheck([try summary(), try summary(disabled: true)])) == [.failure])
    }

    @Test("a disk that fills is told, by its share and by what is left")
    func disk() {
        func state(_ free: Int64, of total: Int64) -> [DiagnosticFinding.State] {
            states(DiskCheck([.init(name: "data", freeBytes: free, totalBytes: total)]))
        }
        #expect(state(50 << 30, of: 1000 << 30) == [.ok])
        #expect(state(5 << 30, of: 10 << 30) == [.ok])
        #expect(state(8 << 30, of: 100 << 30) == [.warning])
        #expect(state(2 << 30, of: 100 << 30) == [.failure])
        #expect(state(200 << 20, of: 1 << 30) == [.failure])
        #expect(state(0, of: 0) == [.failure])
    }

    @Test("damage of the database is told, and that it could not be looked through")
    func database() {
        #expect(states(DatabaseCheck(.init(bytes: 1, damage: []))) == [.ok])
        #expect(states(DatabaseCheck(.init(bytes: 1, damage: nil))) == [.warning])
        #expect(states(DatabaseCheck(.init(bytes: 1, damage: ["page 7", "page 8"]))) == [.failure])
    }

    @Test("missing and damaged content is told")
    func storage() throws {
        let name = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        func states(_ storage: ServerCondition.Storage, hasUpstream: Bool = true) -> [DiagnosticFinding.State] {
            self.states(StorageCheck(storage, hasUpstream: hasUpstream))
        }
        #expect(states(.init(files: 3, unavailable: 0, sampled: 3, damaged: [])) == [.ok])
        #expect(states(.init(files: 3, unavailable: 1, sampled: 2, damaged: [])) == [.failure])
        #expect(states(.init(files: 3, unavailable: 1, sampled: 2, damaged: [name])) == [.failure, .failure])
        #expect(states(.init(files: 3, unavailable: 0, awaited: 2, sampled: 1, damaged: [])) == [.ok])
        #expect(states(.init(files: 3, unavailable: 0, awaited: 2, sampled: 1, damaged: []), hasUpstream: false) == [.failure])
    }

    @Test("an upstream that fails is told, and is worse when there is no other")
    func upstream() {
        let (good, bad) = (
            ServerCondition.Upstream(address: "a"),
            ServerCondition.Upstream(address: "b", problem: "It is gone.", advice: "Look.")
        )
        #expect(states(UpstreamCheck([])) == [.ok])
        #expect(states(UpstreamCheck([good, bad])) == [.ok, .warning])
        #expect(states(UpstreamCheck([bad])) == [.failure])
    }

    @Test("trust that ends is told")
    func trust() {
        func status(_ state: ExpiryState) -> TrustStatus {
            let root = TrustedRoot(kind: .origin, signer: deployment, version: 1, fingerprint: SHA256Digest(of: []))
            let role = TrustStatus.Role(
                name: "targets", version: 1, keys: [], threshold: 1, expires: now, state: state)
            return TrustStatus(
                deployment: deployment, time: now,
                repositories: [
                    .init(kind: .origin, signer: deployment, route: [deployment], root: root, fingerprints: [], roles: [role])
                ], pins: [], trustedRoots: [])
        }
        #expect(states(TrustCheck(status(.good))) == [.ok])
        #expect(states(TrustCheck(status(.withinMonth))) == [.warning])
        #expect(states(TrustCheck(status(.withinDay))) == [.failure])
        #expect(states(TrustCheck(status(.expired))) == [.failure])
    }

    @Test("a server that examines itself finds damaged content, files that are not there, and an upstream that is no server")
    func examination() async throws {
        let database = InMemoryDatabase()
        let catalog = InMemoryCatalog(database)
        let storage = InMemoryPatchStorage()
        func add(_ version: String, _ bytes: [UInt8]) async throws -> PatchFile {
            let content = storage.put(bytes)
            let file = PatchFile(
                name: try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-\(version)-amd64.tar.bz2"),
                length: content.length, digest: content.digest, released: now)
            _ = try await catalog.add(file, entry: ChangeEntry(time: now, actor: "test", action: "add"))
            return file
        }
        let damaged = try await add("107.1", [1, 2, 3])
        let missing = try await add("108.1", [4, 5, 6])
        _ = try await add("109.1", [7, 8, 9])
        storage.damage(damaged.digest) { $0[0] ^= 1 }
        try await catalog.setAvailable(false, [missing.name])
        let moment = now
        let examination = ServerExamination(
            deployment: deployment, started: moment, catalog: catalog, storage: storage,
            volumes: { [.init(name: "data", freeBytes: 1, totalBytes: 2)] }, database: { .init(bytes: 5, damage: ["page 1"]) },
            upstreams: [], now: { moment })
        let condition = try await examination.condition()
        #expect(condition.storage == .init(files: 3, unavailable: 1, sampled: 2, damaged: [damaged.name]))
        #expect(condition.database.damage == ["page 1"] && condition.upstreams.isEmpty && condition.time == now)
        #expect(try DocumentCoding.decode(ServerCondition.self, from: DocumentCoding.encode(condition)) == condition)
    }
}
