import FoundationEssentials
import LivepatchKit

enum SyncSettings {
    static let enabled = Setting.boolean(
        "patch-sync.enabled", .sync, default: false, "Whether this server pulls patches from another one.")

    static let upstreamURL = Setting<[URL]>.list(
        "patch-sync.upstream-url", .sync, of: "URLs", SettingText.serverURL,
        "The server to pull from. Several are tried in order: the next one when one cannot be reached.")

    static let token = Setting<ConcealedText?>.optional(
        "patch-sync.token", .sync, .text, secret: true, parseToken,
        "The sync token that the upstream's administrator issued (`livepatch-admin sync-tokens add`). It decides which tier this server sees."
    )

    static let tokenFile = Setting<String?>.optional(
        "patch-sync.token-file", .sync, .path, SettingText.path,
        "A file that holds the sync token, instead of `patch-sync.token`.")

    static let interval = Setting<Duration>.duration(
        "patch-sync.interval", .sync, default: .seconds(3600), in: .seconds(1) ... .seconds(30 * 86_400),
        "The time between two syncs. Each is moved a little at random, so that many servers do not ask at once.")

    static let push = Setting.boolean(
        "patch-sync.push.enabled", .sync, default: true,
        "Whether a request is held open at each upstream, so that changes there are synced at once. The interval stays for what is not announced."
    )

    static let mode = Setting<SyncMode>(
        key: ConfigurationKey(
            "patch-sync.mode", .sync, .choice(SyncMode.allCases.map(\.rawValue)), default: "eager",
            "When the content of patch files is fetched: `eager` in the sync, or `on-demand` when a machine, a downstream or `livepatch-admin storage prefetch` first asks for a file. What a sync shows is signed either way."
        ),
        defaultValue: .eager, parse: { try SettingText.choice($0, SyncMode.self) })

    static let syncTiers = Setting.boolean(
        "patch-sync.sync-tiers", .sync, default: false,
        "Mirror the upstream's tiers and what they hold. The tiers that exist here are replaced (a snapshot is kept), and tiers and promotions can then only be changed upstream."
    )

    static let architectures = Setting<[Architecture]>.list(
        "patch-sync.architectures", .sync, of: "architectures", SettingText.value(Architecture.self, "an architecture"),
        "The architectures whose patches are pulled, by their Debian names (`amd64,arm64`). Empty: all.")

    static let flavours = Setting<[Flavour]>.list(
        "patch-sync.flavors", .sync, of: "kernel flavours", SettingText.value(Flavour.self, "a kernel flavour"),
        "The kernel flavours whose patches are pulled (`generic,aws`). Empty: all.")

    static let minimumKernel = Setting<KernelSeries?>.optional(
        "patch-sync.minimum-kernel-version", .sync, .text, SettingText.value(KernelSeries.self, "a kernel's upstream version"),
        "The oldest kernel whose patches are pulled: `5.4.0` pulls those for 5.4.0 and later. Empty: all.")

    static let id = Setting<DeploymentID?>.optional(
        "patch-sync.id", .sync, .text, SettingText.value(DeploymentID.self, "a deployment's id"),
        "This server's name in the chain, which no other server of the chain may have. Empty: generated at the first start and kept."
    )

    static let proxyEnabled = Setting.boolean(
        "patch-sync.proxy.enabled", .sync, default: false, "Whether the upstream is reached through a proxy.")

    static let proxyHTTP = Setting<URL?>.optional(
        "patch-sync.proxy.http", .sync, .url, SettingText.webURL, "The proxy for http upstreams.")

    static let proxyHTTPS = Setting<URL?>.optional(
        "patch-sync.proxy.https", .sync, .url, SettingText.webURL, "The proxy for https upstreams.")

    static let proxyNone = Setting<[String]>.list(
        "patch-sync.proxy.no-proxy", .sync, of: "hosts",
        { text in
            guard text == "*" || text.wholeMatch(of: /[A-Za-z0-9.:_\/\[\]-]+/) != nil else {
                throw SettingFault("is not a host, a domain such as .example.com, or an address")
            }
            return text
        },
        "What is reached without the proxy: names (`example.com`, its subdomains included), suffixes (`.example.com`), addresses and networks (`10.0.0.0/8`, `fd00::/8`), each with a port if wanted (`example.com:8443`), or `*` for everything."
    )

    static let certificateAuthority = Setting<String?>.optional(
        "patch-sync.ca", .sync, .path, SettingText.path,
        "A PEM file of certificates that the upstream's certificate is checked against. Empty: the system's.")

    static let clientCertificate = Setting<String?>.optional(
        "patch-sync.client-certificate", .sync, .path, SettingText.path,
        "A PEM file with the certificate that the upstream is shown, where it asks for one (`server.tls.client-certificates` there), followed by those that lead to its authority. It is read again when it changes."
    )

    static let clientKey = Setting<String?>.optional(
        "patch-sync.client-key", .sync, .path, SettingText.path,
        "A PEM file with the private key of `patch-sync.client-certificate`, without a passphrase.")

    static let trustedRoots = Setting<[SHA256Digest]>.list(
        "patch-sync.trusted-roots", .sync, of: "fingerprints",
        SettingText.value(SHA256Digest.self, "the fingerprint of a root"),
        "The roots that the upstream's signed repositories have to begin with, by their fingerprints (`livepatch-admin sync-tokens add` prints them on the upstream). Empty: what is first seen is pinned, and the sync's report says so."
    )

    static let freshnessTolerance = Setting<Duration>.duration(
        "patch-sync.freshness-tolerance", .sync, default: .zero, in: .zero ... .seconds(365 * 86_400),
        "How long after it has expired the upstream's signed metadata is still believed, for servers below one that is fed by bundles. For that long, whoever stands between can hide new patches and revocations."
    )

    static let maximumTransfers = Setting.integer(
        "patch-sync.max-concurrent-transfers", .sync, default: 8, in: 1...64, "How many files are transferred at the same time.")

    static let bandwidthLimit = Setting<Int64?>.optional(
        "patch-sync.bandwidth-limit", .sync, .size, { try SettingText.size($0, in: 1 << 10...1 << 40) },
        "The most that all transfers together may take, in bytes a second (`10M`). Empty: no limit.")

    static let maximumRemovalShare = Setting<Double>(
        key: ConfigurationKey(
            "patch-sync.max-removal-share", .sync, .share, default: "50%",
            "A sync that would remove more than this share of the patch versions, without a block that explains it, is refused until an administrator confirms it."
        ),
        defaultValue: 0.5, parse: SettingText.share)

    static let connectTimeout = Setting<Duration>.duration(
        "patch-sync.connect-timeout", .sync, default: .seconds(10), in: .milliseconds(100) ... .seconds(600),
        "How long a connection to the upstream may take to open.")

    static let idleTimeout = Setting<Duration>.duration(
        "patch-sync.idle-timeout", .sync, default: .seconds(30), in: .milliseconds(100) ... .seconds(3600),
        "How long the upstream may send nothing before a transfer is given up and resumed later.")

    static let transferTimeout = Setting<Duration>.duration(
        "patch-sync.transfer-timeout", .sync, default: .seconds(1800), in: .seconds(1) ... .seconds(86_400),
        "How long one file may take.")

    static let keys = [
        enabled.key, upstreamURL.key, token.key, tokenFile.key, interval.key, push.key, mode.key, syncTiers.key,
        architectures.key,
        flavours.key,
        minimumKernel.key, id.key, proxyEnabled.key, proxyHTTP.key, proxyHTTPS.key, proxyNone.key, certificateAuthority.key,
        clientCertificate.key, clientKey.key,
        trustedRoots.key, freshnessTolerance.key, maximumTransfers.key, bandwidthLimit.key, maximumRemovalShare.key,
        connectTimeout.key, idleTimeout.key,
        transferTimeout.key,
    ]

    /// The fault never quotes the text.
    @Sendable static func parseToken(_ text: String) throws -> ConcealedText {
        guard text.wholeMatch(of: /[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/) != nil else {
            throw SettingFault("is not a sync token: those are UUIDs such as 123e4567-e89b-42d3-a456-426614174000")
        }
        return ConcealedText(text)
    }
}
