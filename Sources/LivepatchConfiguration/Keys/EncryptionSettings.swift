import LivepatchTLS

enum EncryptionSettings {
    static let certificate = Setting<String?>.optional(
        "server.tls.certificate", .server, .path, SettingText.path,
        "A PEM file with the certificate that the server shows, followed by those that lead to its authority. With it every address speaks TLS; without it none does. It is read again when it changes (looked at every 5 seconds, and at SIGHUP); what cannot be used changes nothing."
    )

    static let key = Setting<String?>.optional(
        "server.tls.key", .server, .path, SettingText.path,
        "A PEM file with the private key of `server.tls.certificate`, without a passphrase.")

    static let minimumVersion = Setting<TLSSettings.Version>(
        key: ConfigurationKey(
            "server.tls.minimum-version", .server, .choice(TLSSettings.Version.allCases.map(\.rawValue)),
            default: "1.2", "The oldest version of TLS that is spoken."),
        defaultValue: .tls12, parse: { try SettingText.choice($0, TLSSettings.Version.self) })

    static let clientAuthority = Setting<String?>.optional(
        "server.tls.client-ca", .server, .path, SettingText.path,
        "A PEM file of the authorities whose certificates clients may show.")

    static let clientCertificates = Setting<TLSSettings.ClientCertificates>(
        key: ConfigurationKey(
            "server.tls.client-certificates", .server,
            .choice(TLSSettings.ClientCertificates.allCases.map(\.rawValue)), default: "none",
            "Whether clients show certificates: nobody is asked for one (none); who shows one has to show a good one (optional); and besides, whoever comes with a sync token has to show one (required-from-downstreams). Machines and administrators never have to."
        ),
        defaultValue: .none, parse: { try SettingText.choice($0, TLSSettings.ClientCertificates.self) })

    static let keys = [certificate.key, key.key, minimumVersion.key, clientAuthority.key, clientCertificates.key]
}
