enum MetricsSettings {
    static let enabled = Setting.boolean(
        "server.metrics.enabled", .server, default: true,
        "Whether `GET /metrics` answers, with the server's metrics for Prometheus.")

    static let token = Setting<ConcealedText?>.optional(
        "server.metrics.token", .server, .text, secret: true,
        { text in
            guard (8...512).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw SettingFault("is not 8 to 512 printable ASCII characters without a space")
            }
            return ConcealedText(text)
        },
        "What whoever reads the metrics must send as a bearer token. Empty: everybody who reaches the server may read them, as in Livepatch on-prem; they name tiers, kernels and tokens, and no secret and no machine."
    )

    static let keys = [enabled.key, token.key]
}
