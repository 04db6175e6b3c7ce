import ConsoleRecording
import FoundationEssentials
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct TrustTests {
    private func status(
        expiring days: Double = 100, _ state: ExpiryState = .good, pins: [TrustStatus.Pin] = []
    ) -> TrustStatus {
        let root = TrustedRoot(
            kind: .origin, signer: Samples.deployment, version: 2, fingerprint: Samples.fingerprint)
        let role = TrustStatus.Role(
            name: "targets", version: 1_717_243_200, keys: ["0123456789abcdef"], threshold: 1,
            expires: RecordedConsole.now + days * 86_400, state: state)
        return TrustStatus(
            deployment: Samples.parsed { try DeploymentID(parsing: "site") }, time: RecordedConsole.now,
            repositories: [
                TrustStatus.Repository(
                    kind: .origin, signer: Samples.deployment,
                    route: Samples.parsed { try ["origin", "regional", "site"].map(DeploymentID.init(parsing:)) }, root: root,
                    fingerprints: [Samples.fingerprint], roles: [role])
            ], pins: pins, trustedRoots: [])
    }

    @Test func `A table tells signer, way, root, roles and what is trusted`() async throws {
        let pin = TrustStatus.Pin(
            kind: .tiers, signer: Samples.parsed { try DeploymentID(parsing: "regional") }, view: Samples.tier("edge"),
            fingerprint: SHA256Digest(of: [7]), isConfigured: false, rootVersion: 3, expires: RecordedConsole.now + 7200,
            state: .good)
        let told = status(pins: [pin])
        let run = try await Invocation.run("trust", "status", server: AnsweringServer { $0.trust = told })
        #expect(run.status == 0)
        #expect(run.errorOutput.isEmpty)
        let lines = run.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "REPOSITORY SIGNED BY VIA ROOT FINGERPRINT", "origin origin regional 2 \(Samples.fingerprint)",
                "REPOSITORY ROLE VIEW VERSION DOCUMENTS EXPIRES KEYS",
                "origin of origin targets - 1717243200 1 2024-09-09 1 of 1: 0123456789ab",
                "TRUSTED SIGNED BY VIEW ROOT SINCE EXPIRES BEGAN WITH",
                "tiers regional edge 3 first seen in 2 h \(SHA256Digest(of: [7]))",
            ])
    }

    @Test func `Documents carry everything, and quiet prints what others have to trust`() async throws {
        let told = status()
        let server = AnsweringServer { $0.trust = told }
        let json = try await Invocation.run("trust", "status", "--format", "json", server: server)
        #expect(try DocumentCoding.decode(TrustStatus.self, from: Array(json.output.utf8)) == told)
        #expect(try await Invocation.run("trust", "status", "-q", server: server).output == "\(Samples.fingerprint)\n")
        #expect(try await Invocation.run("trust", "status", "--format", "yaml", server: server).output.contains("signer: origin"))
    }

    @Test(arguments: [
        (20, ExpiryState.withinMonth, 0, "within 30 days"), (5, .withinWeek, 0, "within 7 days"),
        (0.5, .withinDay, 0, "within a day"), (-1, .expired, 65, "expired at 2024-05-31T12:00:00Z"),
    ])
    func `What comes to its end is warned of, and the exit status is 65 when it has expired`(
        _ days: Double, _ state: ExpiryState, _ exit: Int32, _ words: String
    ) async throws {
        let told = status(expiring: days, state)
        for options in [["--format", "table"], ["--format", "json"]] {
            let run = try await Invocation.run(
                "trust", "status", options[0], options[1], server: AnsweringServer { $0.trust = told })
            #expect(run.status == exit)
            #expect(run.errorOutput.contains("warning: 'targets' in the origin repository of origin"))
            #expect(run.errorOutput.contains(words))
        }
    }

    @Test func `A server that signs nothing says so`() async throws {
        let run = try await Invocation.run("trust", "status")
        #expect(run.status == 0 && run.output.isEmpty)
        #expect(run.errorOutput == "This server signs and relays nothing.\n")
    }

    @Test func `A new token comes with the line for the downstream's configuration`() async throws {
        let server = AnsweringServer {
            $0.roots = [
                TrustedRoot(kind: .origin, signer: Samples.deployment, version: 1, fingerprint: Samples.fingerprint),
                TrustedRoot(kind: .tiers, signer: Samples.deployment, version: 4, fingerprint: SHA256Digest(of: [7])),
            ]
        }
        let run = try await Invocation.run("sync-tokens", "add", "edge", "t", server: server)
        #expect(run.output == Samples.secret + "\n")
        #expect(run.errorOutput.contains("  \(SHA256Digest(of: [7]))  tiers of origin, root 4\n"))
        #expect(run.errorOutput.hasSuffix("  patch-sync.trusted-roots=\(Samples.fingerprint),\(SHA256Digest(of: [7]))\n"))
        let quiet = try await Invocation.run("sync-tokens", "add", "edge", "t", "--quiet", server: server)
        #expect(quiet.output == Samples.secret + "\n" && quiet.errorOutput.isEmpty)
        let json = try await Invocation.run("sync-tokens", "add", "edge", "t", "--format", "json", server: server)
        #expect(json.output.contains("\"trustedRoots\"") && json.errorOutput.isEmpty)
        try await withTemporaryDirectory { directory in
            let file = try await Invocation.run("sync-tokens", "add", "edge", "t", "--output", directory + "/t", server: server)
            #expect(file.errorOutput.contains("patch-sync.trusted-roots="))
        }
    }
}
