import LivepatchKit

enum MachineSettings {
    static let checkInInterval = Setting<Duration>.duration(
        "server.check-in-interval", .machines, default: .seconds(3600), in: .seconds(60) ... .seconds(7 * 86_400),
        "How often machines are asked to check in. Each is told a time between three and five quarters of it, so that machines do not come back together."
    )

    static let historyEnabled = Setting.boolean(
        "machine-reports.database.enabled", .machines, default: true,
        "Whether what machines report is kept: each machine's last report, and its changes. On by default, unlike in Livepatch on-prem, because ids are stored only as hashes. Where it is off, a machine's registration, its tier and when it was last seen are all that is kept, and reports about machines have nothing to say."
    )

    static let retentionDays = Setting.integer(
        "machine-reports.database.retention-days", .machines, default: 10, in: 1...3650,
        "How many days the changes that machines reported are kept. A machine's last report is kept until the machine is forgotten."
    )

    static let cleanupRowLimit = Setting.integer(
        "machine-reports.database.cleanup-row-limit", .machines, default: 1000, in: 1...1_000_000,
        "How many old changes one transaction forgets at most, so that no check-in waits long for it.")

    static let cleanupInterval = Setting<Duration>.duration(
        "machine-reports.database.cleanup-interval", .machines, default: .seconds(6 * 3600),
        in: .seconds(1) ... .seconds(30 * 86_400), "The time between two such clean-ups.")

    static let countStrategy = Setting<MachineCountStrategy>(
        key: ConfigurationKey(
            "patch-sync.machine-count-strategy", .machines, .choice(MachineCountStrategy.allCases.map(\.rawValue)),
            default: "bucket",
            "How numbers of machines are told to the upstream: exactly (unit), or as the highest of 1, 50, 100, 500, 1000, 2000, 5000 and 10000 that they reach (bucket)."
        ),
        defaultValue: .bucket, parse: { try SettingText.choice($0, MachineCountStrategy.self) })

    static let sendsReports = Setting.boolean(
        "patch-sync.send-machine-reports", .machines, default: false,
        "Whether what each machine reported is passed on to the upstream, with its hashed id, besides the numbers.")

    static let keys = [
        checkInInterval.key, historyEnabled.key, retentionDays.key, cleanupRowLimit.key, cleanupInterval.key, countStrategy.key,
        sendsReports.key,
    ]
}
