import LivepatchKit

enum ServerSettings {
    static let logLevel = Setting<LogLevel>(
        key: ConfigurationKey(
            "server.log-level", .server, .choice(LogLevel.allCases.map(\.rawValue)), default: "info", reloadable: true,
            "The least severe messages that are logged."),
        defaultValue: .info, parse: { try SettingText.choice($0, LogLevel.self) })

    static let logFormat = Setting<LogFormat>(
        key: ConfigurationKey(
            "server.log-format", .server, .choice(LogFormat.allCases.map(\.rawValue)), default: "text",
            "Log lines for people (text), or one JSON object a line for collectors (json)."),
        defaultValue: .text, parse: { try SettingText.choice($0, LogFormat.self) })

    static let serverAddress = Setting<ListenAddress>(
        key: ConfigurationKey(
            "server.server-address", .server, .address, default: ":8080",
            "Where the server listens. Without a host it listens on every interface; port 0 takes any free port."),
        defaultValue: ListenAddress(host: nil, port: 8080), parse: ListenAddress.init(parsing:))

    static let machineAddress = address(
        "server.machine-address", "machines (`/v1/client/…`, and the patch files and documents that they read)")

    static let syncAddress = address(
        "server.sync-address", "downstreams (`/v1/sync/…`, and patch files, for sync tokens)")

    static let adminAddress = address("server.admin-address", "administrators (`/v1/admin/…`)")

    /// A part of the wire that may be answered elsewhere.
    private static func address(_ name: String, _ whom: String) -> Setting<ListenAddress?> {
        .optional(
            name, .server, .address, ListenAddress.init(parsing:),
            "Where the server listens for \(whom); at any other address they find nothing then. Several of these addresses may be the same. Empty: `server.server-address`."
        )
    }

    static let dataDirectory = Setting<String>(
        key: ConfigurationKey(
            "server.data-directory", .server, .path, default: "livepatch-data",
            "The directory that holds the database, the patches and the keys; made at the first start. A relative path counts from the working directory. The flag `--data-dir` sets it too."
        ),
        defaultValue: "livepatch-data", parse: SettingText.path)

    static let urlTemplate = Setting<String?>.optional(
        "server.url-template", .server, .url,
        { text in
            guard text.contains("{filename}") else { throw SettingFault("has no {filename} in it") }
            _ = try SettingText.webURL(
                text.split(separator: "{filename}", omittingEmptySubsequences: false).joined(separator: "f"))
            return text
        },
        "Where machines are sent for patch files, such as `https://patches.example.com/v1/patches/{filename}`; `{filename}` stands for the file's name. Empty: this server, as the machine addressed it."
    )

    static let redirectDownloads = Setting.boolean(
        "server.redirect-downloads", .server, default: false,
        "Answer `GET /v1/patches/{filename}` with a redirect to `server.url-template` instead of the file.")

    static let shutdownDeadline = Setting<Duration>.duration(
        "server.shutdown-deadline", .server, default: .seconds(30), in: .zero ... .seconds(3600),
        "How long transfers under way may take after the server was told to stop.")

    static let maximumUploadSize = Setting<Int64>.size(
        "server.max-upload-size", .server, default: 256 << 20, in: 1 << 10...64 << 30,
        "The largest patch file that is accepted for import.")

    static let metadataLifetime = Setting<Duration>.duration(
        "server.metadata-lifetime", .server, default: .seconds(86_400), in: .seconds(2) ... .seconds(30 * 86_400),
        "How long what this server signs proves that it is recent. It is renewed by itself after half of that time; servers below that are kept from the renewals refuse to learn from old metadata. A short time notices sooner that somebody withholds news, and leaves less time to repair a server."
    )

    static let clientPush = Setting.boolean(
        "server.client-push.enabled", .server, default: false,
        "Whether machines may hold a request open, so that they hear at once of a patch that is blocked or new. Each costs this server a connection. Downstream servers always may."
    )

    static let trustedProxies = Setting<[AddressBlock]>.list(
        "server.trusted-proxies", .server, of: "addresses and networks",
        { text in
            guard let block = AddressBlock(text) else {
                throw SettingFault("is not an address or a network such as 192.0.2.7 or 10.0.0.0/8")
            }
            return block
        },
        "The reverse proxies before this server, by their addresses. Whom they say that they speak for is believed, and counts where failed logins are counted by address. Without them all of a proxy's users are one."
    )

    static let trustedProxiesField = Setting<ForwardedField>(
        key: ConfigurationKey(
            "server.trusted-proxies-field", .server, .choice(ForwardedField.allCases.map(\.rawValue)),
            default: ForwardedField.xForwardedFor.rawValue,
            "Where those proxies write whom they speak for: `X-Forwarded-For`, or `Forwarded` (RFC 7239). It has to be the one that they write themselves: the other one they may pass on as it comes from outside."
        ),
        defaultValue: .xForwardedFor, parse: { try SettingText.choice($0, ForwardedField.self) })

    static let keys = [
        logLevel.key, logFormat.key, serverAddress.key, machineAddress.key, syncAddress.key, adminAddress.key, dataDirectory.key,
        urlTemplate.key, redirectDownloads.key,
        shutdownDeadline.key, maximumUploadSize.key, metadataLifetime.key, clientPush.key,
        trustedProxies.key, trustedProxiesField.key,
    ]
}
