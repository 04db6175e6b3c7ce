public import LivepatchKit

/// Where everything is on the wire. Segments in braces in a route's template are parameters.
public enum Paths {
    // Public
    public static let root = "/"
    public static let debugInformation = "/debug/info"
    public static let debugStatus = "/debug/status"
    /// For Prometheus.
    public static let metrics = "/metrics"

    // Patch files, for sync tokens and administrators
    public static let patchFileTemplate = "/v1/patches/{filename}"
    public static func patchFile(_ name: PatchFileName) -> String { "/v1/patches/\(segment(name.description))" }

    // What a downstream reads, with its sync token
    public static let syncHead = "/v1/sync/head"
    /// Announces changes of the head, for as long as somebody listens.
    public static let syncEvents = "/v1/sync/events"
    /// `?hops=` bounds how many servers answer.
    public static let syncTraceTemplate = "/v1/sync/traces/{version}"
    public static func syncTrace(_ version: PatchVersion) -> String { "/v1/sync/traces/\(segment(version.description))" }
    public static let syncRevocations = "/v1/sync/revocations"
    public static let syncTiers = "/v1/sync/tiers"
    public static let syncTierTemplate = "/v1/sync/tiers/{tier}"
    public static let syncVersionTemplate = "/v1/sync/versions/{version}"
    public static let syncCoverage = "/v1/sync/coverage"
    public static func syncDocument(_ name: DocumentName) -> String {
        switch name {
        case .revocations: syncRevocations
        case .tiers: syncTiers
        case .tier(let tier): "\(syncTiers)/\(segment(tier.description))"
        case .version(let version): "/v1/sync/versions/\(segment(version.description))"
        case .coverage: syncCoverage
        }
    }

    // The signed repositories behind those documents, as any client of The Update Framework asks for them
    public static let originMetadataTemplate = "/v1/sync/metadata/origins/{deployment}/{file}"
    public static let viewMetadataTemplate = "/v1/sync/metadata/tiers/{tier}/{file}"
    public static func metadata(_ file: MetadataFile) -> String {
        let base =
            switch file.repository {
            case .origin(let deployment): "origins/\(segment(deployment.description))"
            case .view(let tier): "tiers/\(segment(tier.description))"
            }
        // The name is percent-encoded already.
        return "/v1/sync/metadata/\(base)/\(file.name)"
    }
    /// Patch files by digest and name, `DIGEST.FILENAME`: the targets of those repositories.
    public static let targetTemplate = "/v1/sync/targets/{target}"
    public static func target(_ file: PatchFile) -> String { "/v1/sync/targets/\(file.digest).\(segment(file.name.description))" }

    // Administration
    public static let login = "/v1/admin/login"
    public static let logout = "/v1/admin/logout"
    public static let session = "/v1/admin/session"
    /// `GET` lists one's own; `?user=` another one's, `?everybody=true` all.
    public static let sessions = "/v1/admin/sessions"
    public static let sessionRevocations = "/v1/admin/session-revocations"

    public static let tiers = "/v1/admin/tiers"
    public static let tierSnapshots = "/v1/admin/tier-snapshots"
    /// `GET` lists the history, `POST` carries out a command.
    public static let changes = "/v1/admin/changes"

    /// `GET` lists patch versions.
    public static let patches = "/v1/admin/patches"
    public static let patchVersionTemplate = "/v1/admin/patches/{version}"
    public static func patchVersion(_ version: PatchVersion) -> String { "\(patches)/\(segment(version.description))" }
    /// `PUT` imports a file.
    public static let patchImportTemplate = "/v1/admin/patch-files/{filename}"
    public static func patchImport(_ filename: String) -> String { "/v1/admin/patch-files/\(segment(filename))" }

    public static let storagePatches = "/v1/admin/storage/patches"
    public static let storageRefresh = "/v1/admin/storage/refresh"
    public static let storageVerify = "/v1/admin/storage/verify"
    public static let storageCollect = "/v1/admin/storage/gc"
    public static let storagePrefetch = "/v1/admin/storage/prefetch"

    public static let syncTokens = "/v1/admin/sync-tokens"
    public static let syncTokenTemplate = "/v1/admin/sync-tokens/{name}"
    public static func syncToken(_ name: String) -> String { "\(syncTokens)/\(segment(name))" }
    public static let syncTokenRotateTemplate = "/v1/admin/sync-tokens/{name}/rotate"
    public static func syncTokenRotate(_ name: String) -> String { "\(syncToken(name))/rotate" }

    /// `GET` tells which signed repositories there are, and how they are.
    public static let trust = "/v1/admin/trust"
    /// `GET` tells what the next root is made from, `POST` publishes one that was signed elsewhere.
    public static let trustRootTemplate = "/v1/admin/trust/roots/{kind}"
    public static func trustRoot(_ kind: TrustedRoot.Kind) -> String { "\(trust)/roots/\(kind.rawValue)" }

    /// `GET` tells the state, `POST` triggers or joins a sync.
    public static let sync = "/v1/admin/sync"
    public static let syncReports = "/v1/admin/sync/reports"
    public static let traceTemplate = "/v1/admin/sync/traces/{version}"
    public static func trace(_ version: PatchVersion) -> String { "/v1/admin/sync/traces/\(segment(version.description))" }

    /// A path segment with everything percent-encoded that RFC 3986 (section 3.3) does not allow in one, and `/` and `%`.
    public static func segment(_ text: String) -> String {
        // Most names are of nothing else.
        if text.utf8.allSatisfy(isPlain) { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        return String(
            decoding: text.utf8.flatMap {
                isPlain($0) ? [$0] : [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]]
            },
            as: UTF8.self)
    }

    /// Whether a byte stands for itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}

/// Header fields of this project.
public enum HeaderNames {
    /// The id of the deployment that asks, as it says itself.
    public static let deployment = "Livepatch-Deployment"
    /// What a caller names a change by, so that it is made once (draft-ietf-httpapi-idempotency-key-header).
    public static let idempotencyKey = "Idempotency-Key"
    /// `true` in an answer that was given before, to the same idempotency key.
    public static let idempotencyReplayed = "Idempotency-Replayed"
    /// The server's release, in every answer.
    public static let serverVersion = "Livepatch-Server-Version"
    /// How many seconds ago what the head shows was the origin's; 0 at the origin itself. Missing where that is not known.
    public static let lag = "Livepatch-Lag"
}

/// The release of this project, `MAJOR.MINOR.PATCH` (semantic versioning 2.0.0).
public enum Release {
    public static let version = "0.1.0"
}
