import ConsoleRecording
import FoundationEssentials
import LivepatchAPI
import LivepatchKit

/// Values that the tests share.
enum Samples {
    static let deployment = parsed { try DeploymentID(parsing: "origin") }
    static let secret = "0b8a1f9e-7c7e-4d3a-9d0e-3f1f6a2b4c5d"
    static let webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let webhook = Webhook(
        id: 3, url: parsed { try WebhookURL(parsing: "https://hooks.example/a") },
        events: parsed { try WebhookSubscription(["*"]) }, created: RecordedConsole.now)
    static let session = AdminSessionBody(
        AdminSession(
            user: "admin", hash: SHA256Digest(of: [7]), created: RecordedConsole.now - 7200,
            expires: RecordedConsole.now + 864_000,
            credential: fingerprint, address: "192.0.2.7", lastUsed: RecordedConsole.now - 60), current: true)
    static let fingerprint = SHA256Digest(of: [1, 2])
    static let fileName = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    static func parsed<Value>(_ make: () throws -> Value) -> Value {
        do {
            return try make()
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static func tier(_ name: String) -> TierName { parsed { try TierName(parsing: name) } }

    static func file(_ name: PatchFileName = parsed { try PatchFileName(parsing: fileName) }) -> PatchFile {
        PatchFile(name: name, length: 1536, digest: SHA256Digest(of: [1, 2, 3]), released: RecordedConsole.now, cves: [])
    }

    static var patch: PatchVersionBody {
        let record = PatchVersionRecord(
            version: PatchVersion(107, 1), source: .imported, arrived: RecordedConsole.now, released: RecordedConsole.now - 3600,
            files: 2, available: 1, bytes: 3072, cves: ["CVE-2024-1086"], document: nil)
        return PatchVersionBody(record: record, tiers: [tier("edge"), tier("beta")], blocks: [])
    }

    static var record: ChangeRecord {
        ChangeRecord(
            id: 3, time: RecordedConsole.now - 120, actor: "admin", action: "patch block 107.1", reason: "it crashes",
            change: nil,
            undoes: nil, undoneBy: 4)
    }

    static func token(_ name: String = "my-token", validUntil: Date? = nil) -> SyncTokenBody {
        SyncTokenBody(
            SyncToken(
                name: name, tier: tier("edge"), created: RecordedConsole.now, validUntil: validUntil,
                secrets: [SyncToken.Secret(hash: SHA256Digest(of: [0]))]), now: RecordedConsole.now)
    }

    static func authToken(
        _ id: String = "lab", tier: TierName = tier("edge"), validUntil: Date? = nil, machineLimit: Int? = nil
    ) -> AuthTokenBody {
        AuthTokenBody(
            AuthToken(
                id: id, tier: tier, created: RecordedConsole.now, validUntil: validUntil, machineLimit: machineLimit,
                hash: SHA256Digest(of: [0])), machines: 3, now: RecordedConsole.now)
    }

    static func report(_ result: SyncReport.Result, failures: [SyncReport.Failure] = []) -> SyncReport {
        SyncReport(
            id: 5, started: RecordedConsole.now - 90, ended: RecordedConsole.now, result: result, upstream: "https://up.example",
            documents: 3, documentBytes: 4096, files: 2, bytes: 3072, skipped: 7, failures: failures)
    }

    /// A site that lacks what is at the origin.
    static let trace = VersionTrace(
        version: PatchVersion(107, 1),
        hops: [
            VersionTrace.Hop(
                deployment: deployment, arrived: nil, tiers: [], moved: nil, blocked: nil, synced: RecordedConsole.now - 60,
                time: RecordedConsole.now),
            VersionTrace.Hop(
                deployment: deployment, arrived: RecordedConsole.now - 3600, tiers: [], moved: RecordedConsole.now - 1800,
                blocked: RecordedConsole.now - 30, synced: nil, time: RecordedConsole.now),
        ], problem: "The server above cannot be reached.")
}
