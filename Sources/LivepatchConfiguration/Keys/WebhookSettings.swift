enum WebhookSettings {
    static let certificateAuthority = Setting<String?>.optional(
        "webhooks.ca", .webhooks, .path, SettingText.path,
        "A PEM file of certificate authorities to trust besides the system's, for webhooks whose receivers have private certificates."
    )

    static let failedMachines = Setting.integer(
        "webhooks.failed-machines", .webhooks, default: 10, in: 1...1_000_000,
        "`health.degraded` is told when so many machines of a tier failed to apply a patch version.")

    static let failedShare = Setting<Double>(
        key: ConfigurationKey(
            "webhooks.failed-share", .webhooks, .share, default: "10%",
            "`health.degraded` is told, too, when more than this share of a tier's machines that have a patch version, or tried to apply it, failed, if there are at least two of them."
        ),
        defaultValue: 0.1, parse: SettingText.share)

    static let keys = [certificateAuthority.key, failedMachines.key, failedShare.key]
}
