extension ConfigurationCatalogue {
    /// Keys that Livepatch on-prem has and that this release does not: naming one is an error, so that nobody believes in a
    /// setting that does nothing.
    static let laterKeys: [ConfigurationKey] = [
        later("server.is-leader", .boolean, "Which of several servers runs the background work."),
        later("database.*", .text, "PostgreSQL as the database; this release keeps an SQLite database in the data directory."),
        later("patch-storage.s3-bucket", .text, "Patch files in S3."),
        later("patch-storage.s3-endpoint", .text, "Patch files in S3."),
        later("patch-storage.s3-region", .text, "Patch files in S3."),
        later("patch-storage.s3-secure", .boolean, "Patch files in S3."),
        later("patch-storage.s3-access-key", .text, secret: true, "Patch files in S3."),
        later("patch-storage.s3-secret-key", .text, secret: true, "Patch files in S3."),
        later("patch-blocklist.*", .text, "A list of blocked patches that is fetched; blocks travel with each sync here."),
        later("cve-lookup.*", .text, "Which CVEs a patch fixes."),
        later("cve-sync.*", .text, "Fetching OSV records of CVEs."),
        later("tracing.*", .text, "OpenTelemetry traces."),
        later("otel-metrics.*", .text, "OpenTelemetry metrics."),
        later("profiler.*", .text, "Profiling."),
    ]

    private static func later(
        _ name: String, _ kind: ConfigurationKey.Kind, secret: Bool = false, _ meaning: String
    ) -> ConfigurationKey {
        ConfigurationKey(name, .later, kind, secret: secret, meaning)
    }
}
