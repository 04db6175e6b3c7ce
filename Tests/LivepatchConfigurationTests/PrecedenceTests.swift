import LivepatchConfiguration
import LivepatchKit
import Logging
import Testing

struct PrecedenceTests {
    private let yaml = "patch-sync:\n  interval: 3h\n"
    private let environment = ["LP_PATCH_SYNC_INTERVAL": "2h", "HOME": "/root"]

    @Test func `the default holds where nothing sets a key`() throws {
        let loaded = try load()
        #expect(loaded.server.sync.interval == .seconds(3600))
        #expect(loaded.server.address == ListenAddress(host: nil, port: 8080))
        #expect(loaded.server.machineAddress == nil && loaded.server.syncAddress == nil && loaded.server.adminAddress == nil)
        #expect(loaded.server.encryption == nil)
        #expect(loaded.server.dataDirectory == "livepatch-data")
        #expect(loaded.server.patchDirectory == "livepatch-data")
        #expect(loaded.server.maximumUploadSize == 268_435_456)
        #expect(loaded.server.metrics.isEnabled && loaded.server.metrics.token == nil)
        #expect(loaded.server.authentication.isBasicEnabled)
        #expect(loaded.server.authentication.sessionLifetime == .seconds(864_000))
        #expect(loaded.server.sync.filter == .all)
        #expect(loaded.server.sync.maximumRemovalShare == 0.5)
        #expect(!loaded.server.sync.isEnabled)
        #expect(loaded.server.sync.mode == .eager)
        #expect(loaded.server.machines.checkInInterval == .seconds(3600))
        #expect(loaded.server.machines.keepsReports)
        #expect(loaded.server.machines.retention == .seconds(10 * 86_400))
        #expect(loaded.server.machines.cleanupRowLimit == 1000)
        #expect(loaded.server.machines.cleanupInterval == .seconds(6 * 3600))
        #expect(loaded.server.machines.countStrategy == .bucket)
        #expect(!loaded.server.machines.sendsReports)
        #expect(loaded.server.webhooks.certificateAuthority == nil)
        #expect(loaded.server.webhooks.failedMachines == 10 && loaded.server.webhooks.failedShare == 0.1)
        #expect(loaded.server.limits.concurrency == 1000 && loaded.server.limits.burst == 500)
        #expect(loaded.server.limits.queueTimeout == .seconds(10))
        #expect(loaded.server.limits.machineRate == 600 && loaded.server.limits.downstreamRate == 60_000)
        #expect(loaded.server.limits.registrationRate == 60)
        #expect(loaded.server.limits.connections == 4096 && loaded.server.limits.connectionsPerAddress == 1024)
        #expect(loaded.server.limits.waitingRequests == 4096)
        #expect(loaded.server.limits.headerSize == 32_768 && loaded.server.limits.headerCount == 100)
        #expect(loaded.server.limits.targetLength == 8192)
        #expect(loaded.server.limits.headerTimeout == .seconds(10) && loaded.server.limits.idleTimeout == .seconds(75))
        #expect(loaded.server.limits.answerTimeout == .seconds(300))
        #expect(loaded.server.limits.minimumRate == 512 && loaded.server.limits.rateWindow == .seconds(60))
        #expect(loaded.notes.isEmpty)
        #expect(loaded.effective.entries.allSatisfy { $0.origin == .builtIn })
    }

    @Test func `a file outranks the default, the environment the file, and --set the environment`() throws {
        #expect(try load(yaml: yaml).server.sync.interval == .seconds(3 * 3600))
        #expect(try load(environment: environment, yaml: yaml).server.sync.interval == .seconds(2 * 3600))
        let set = try load(set: "patch-sync.interval=1m", environment: environment, yaml: yaml)
        #expect(set.server.sync.interval == .seconds(60))
    }

    @Test func `of two assignments the last counts, and an option of its own outranks both`() throws {
        let twice = ["server.data-directory=a", "server.data-directory=b"]
        #expect(try load(twice).server.dataDirectory == "b")
        let option = ConfigurationOption("--data-dir", sets: "server.data-directory", to: "c")
        let loaded = try load(twice, options: [option])
        #expect(loaded.server.dataDirectory == "c")
        #expect(loaded.effective.entries.first { $0.key.name == "server.data-directory" }?.origin == .option("--data-dir"))
    }

    @Test func `the empty text takes back what a file says`() throws {
        let loaded = try load(environment: ["LP_PATCH_SYNC_FLAVORS": ""], yaml: "patch-sync.flavors: generic")
        #expect(loaded.server.sync.filter.flavours.isEmpty)
    }

    @Test func `a malformed value that is outranked is no mistake`() throws {
        #expect(try load(set: "patch-sync.interval=5m", yaml: "patch-sync.interval: soon").server.sync.interval == .seconds(300))
    }

    @Test func `the effective configuration names the place that each value came from`() throws {
        let loaded = try load(
            set: "server.log-level=debug", environment: environment, yaml: "server:\n  log-format: json\n")
        let entries = Dictionary(uniqueKeysWithValues: loaded.effective.entries.map { ($0.key.name, $0) })
        #expect(entries["server.log-level"]?.origin == .option("--set"))
        #expect(entries["patch-sync.interval"]?.origin == .environment("LP_PATCH_SYNC_INTERVAL"))
        guard case .file(_, let line) = entries["server.log-format"]?.origin else {
            Issue.record("not from the file")
            return
        }
        #expect(line == 2)
        #expect(entries["server.shutdown-deadline"]?.origin == .builtIn)
        #expect(entries["server.shutdown-deadline"]?.shownValue == "30s")
        #expect(entries.count == ConfigurationCatalogue.availableKeys.count)
        let lines = loaded.effective.description.split(separator: "\n")
        #expect(lines.count == entries.count + 1)
        #expect(lines.contains { $0.hasPrefix("server.log-level ") && $0.contains(" debug ") && $0.hasSuffix("  --set") })
    }

    /// Guards against a row of the table that nothing reads.
    @Test(arguments: ConfigurationCatalogue.availableKeys.filter { $0.name != "patch-storage.type" })
    func `every available key changes the configuration`(key: ConfigurationKey) throws {
        try withDirectory { directory in
            let base =
                [
                    "patch-sync.enabled=true", "patch-sync.upstream-url=https://a.example",
                    "server.url-template=https://a/{filename}",
                    "server.tls.certificate=a.pem", "server.tls.key=a.key", "server.tls.client-ca=a.pem",
                    "patch-sync.client-certificate=a.pem", "patch-sync.client-key=a.key",
                    "patch-sync.proxy.enabled=true", "patch-sync.proxy.http=http://p", "auth.oauth.enabled=true",
                    "auth.oauth.audience=a", "auth.oauth.issuer=https://a.example", "auth.oauth.allowed-email-ids=a@example.com",
                    "auth.oauth.jwks.url=https://a.example/keys",
                ] + (key.name == "auth.basic.roles" ? ["auth.basic.users=u:\(aHash)"] : [])
            let token = try write(aToken, to: directory + "/token")
            let certificate = try write("-----BEGIN CERTIFICATE-----\n", to: directory + "/ca.pem")
            let values = [
                "server.log-level": "debug", "server.log-format": "json", "server.server-address": "[::1]:1",
                "server.data-directory": "x", "server.url-template": "https://b/{filename}", "server.redirect-downloads": "true",
                "server.shutdown-deadline": "1s", "server.max-upload-size": "1M", "server.metadata-lifetime": "2h",
                "server.metrics.enabled": "false", "server.metrics.token": "a-token-of-metrics",
                "server.client-push.enabled": "true",
                "server.trusted-proxies": "10.0.0.0/8,::1", "server.trusted-proxies-field": "forwarded",
                "auth.basic.enabled": "false",
                "auth.basic.users": "u:\(aHash)", "auth.basic.roles": "u=read",
                "auth.oauth.enabled": "false", "auth.oauth.audience": "b", "auth.oauth.issuer": "https://b.example",
                "auth.oauth.sig-algs": "RS256,ES256", "auth.oauth.allowed-email-ids": "a@example.com,b@example.com",
                "auth.oauth.roles": "a@example.com=read", "auth.oauth.jwks.url": "https://b.example/keys",
                "auth.oauth.jwks.refresh-interval": "5m", "auth.oauth.jwks.ca": certificate,
                "auth.session-lifetime": "1h",
                "patch-storage.filesystem-path": "/srv", "patch-cache.enabled": "false", "patch-cache.cache-ttl": "1m",
                "patch-cache.cache-size": "7", "patch-cache.cache-bytes": "1G",
                "patch-sync.enabled": "false", "patch-sync.upstream-url": "https://b.example", "patch-sync.token": aToken,
                "patch-sync.token-file": token, "patch-sync.interval": "2h", "patch-sync.push.enabled": "false",
                "patch-sync.mode": "on-demand", "patch-sync.sync-tiers": "true",
                "patch-sync.architectures": "amd64", "patch-sync.flavors": "aws", "patch-sync.minimum-kernel-version": "5.4",
                "patch-sync.id": "site", "patch-sync.proxy.enabled": "false", "patch-sync.proxy.http": "http://q",
                "patch-sync.proxy.https": "http://q", "patch-sync.proxy.no-proxy": ".example.com", "patch-sync.ca": certificate,
                "patch-sync.client-certificate": "b.pem", "patch-sync.client-key": "b.key",
                "server.machine-address": ":1", "server.sync-address": ":2", "server.admin-address": "127.0.0.1:3",
                "server.tls.certificate": "b.pem", "server.tls.key": "b.key", "server.tls.minimum-version": "1.3",
                "server.tls.client-ca": "b.pem", "server.tls.client-certificates": "required-from-downstreams",
                "patch-sync.max-concurrent-transfers": "3", "patch-sync.bandwidth-limit": "10M",
                "patch-sync.max-removal-share": "12.5%", "patch-sync.connect-timeout": "1s", "patch-sync.idle-timeout": "1s",
                "patch-sync.transfer-timeout": "1h", "patch-sync.trusted-roots": String(repeating: "0", count: 64),
                "patch-sync.freshness-tolerance": "7d", "server.check-in-interval": "10m",
                "machine-reports.database.enabled": "false", "machine-reports.database.retention-days": "30",
                "machine-reports.database.cleanup-row-limit": "50", "machine-reports.database.cleanup-interval": "1h",
                "patch-sync.machine-count-strategy": "unit", "patch-sync.send-machine-reports": "true",
                "server.concurrency-limit": "8", "server.burst-limit": "0", "server.queue-timeout": "1s",
                "server.rate-limit.machines": "0", "server.rate-limit.downstreams": "1",
                "server.rate-limit.registrations": "5", "server.max-connections": "100",
                "server.max-connections-per-address": "0", "server.max-waiting-requests": "100",
                "server.max-header-size": "16K", "server.max-header-count": "50",
                "server.max-url-length": "1K", "server.header-timeout": "1s", "server.idle-timeout": "1s",
                "server.answer-timeout": "1m", "server.min-transfer-rate": "0", "server.transfer-window": "10s",
                "webhooks.ca": "/tmp/receivers.pem", "webhooks.failed-machines": "3", "webhooks.failed-share": "5%",
            ]
            let value = try #require(values[key.name])
            let needsToken = !key.name.hasPrefix("patch-sync.token")
            let other = try write("00000000-0000-4000-8000-000000000000", to: directory + "/other")
            let before = try load(
                base + [
                    key.name == "patch-sync.token-file"
                        ? "patch-sync.token-file=\(other)"
                        : "patch-sync.token=\(needsToken ? aToken : "00000000-0000-4000-8000-000000000000")"
                ])
            let after = try load(
                base + (needsToken ? ["patch-sync.token=\(aToken)"] : []) + ["\(key.name)=\(value)"])
            #expect(before.server != after.server)
        }
    }

    @Test func `log levels have swift-log's meaning`() throws {
        #expect(try load(set: "server.log-level=warn").server.logLevel.loggerLevel == .warning)
        #expect(try load(set: "server.log-level=fatal").server.logLevel.loggerLevel == .critical)
    }
}
