import LivepatchConfiguration
import LivepatchKit
import Testing

struct MistakeTests {
    @Test(arguments: [
        ("patch-sync.intervall", "patch-sync.interval"), ("patch-sync.flavours", "patch-sync.flavors"),
        ("patch_sync.Token", "patch-sync.token"), ("log-level", "server.log-level"), ("server.adress", "server.server-address"),
    ])
    func `an unknown key names the nearest one`(mistaken: String, meant: String) throws {
        let problem = try #require(problems(set: "\(mistaken)=x").first)
        #expect(problem.kind == .unknownKey)
        #expect(problem.key == mistaken)
        #expect(problem.origin == .option("--set"))
        #expect(problem.suggestion == "Did you mean '\(meant)'?")
    }

    @Test func `a key that is like no other gets no guess`() throws {
        let problem = try #require(problems(set: "completely.elsewhere=x").first)
        #expect(problem.suggestion?.contains("Did you mean") == false)
    }

    @Test func `an unknown environment variable is told with the nearest variable`() throws {
        let problem = try #require(problems(environment: ["LP_PATCH_SYNC_TOKN": "x", "PATH": "/bin", "LPX": "1"]).first)
        #expect(
            "\(problem)"
                == "environment variable LP_PATCH_SYNC_TOKN: There is no key 'LP_PATCH_SYNC_TOKN'. Did you mean 'LP_PATCH_SYNC_TOKEN'?"
        )
    }

    @Test func `an unknown key in a file is told with file and line`() throws {
        let problem = try #require(problems(yaml: "server:\n  log-level: info\n  log-fromat: json\n").first)
        #expect(problem.key == "server.log-fromat")
        #expect(
            "\(problem)".contains(
                "/livepatch.yaml line 3: There is no key 'server.log-fromat'. Did you mean 'server.log-format'?"))
    }

    @Test func `all mistakes are reported together`() {
        let found = problems(
            set: "a.b=1", "patch-sync.interval=soon", "patch-sync.enabled=true",
            environment: ["LP_NOPE": "1", "LP_SERVER_LOG_LEVEL": "loud"], yaml: "server.log-format: xml\nzzz: 1\n")
        #expect(found.map(\.kind).filter { $0 == .unknownKey }.count == 3)
        #expect(found.map(\.kind).filter { $0 == .malformedValue }.count == 3)
        #expect(found.map(\.kind).filter { $0 == .missingValue }.count == 2)
        #expect(found.count == 8)
    }

    @Test func `the error's message has one mistake a line`() throws {
        let error = try #require(throws: LivepatchError.self) {
            try load(set: "a.b=1", "patch-sync.interval=soon")
        }
        #expect(error.code == .configurationInvalid)
        #expect(
            error.message == """
                The configuration has 2 mistakes:
                  --set: There is no key 'a.b'. The configuration reference lists all keys.
                  --set: patch-sync.interval is 'soon', which is not a duration such as 90s, 10m, 1h30m or 30d.
                """)
    }

    @Test(arguments: [
        ("server.log-level", "loud"), ("server.log-format", "xml"), ("server.server-address", "8080"),
        ("server.server-address", ":99999"), ("server.server-address", "::1:80"), ("server.server-address", ""),
        ("server.machine-address", "8080"), ("server.sync-address", "a b:1"), ("server.admin-address", ":x"),
        ("server.tls.minimum-version", "1.1"), ("server.tls.client-certificates", "always"),
        ("server.data-directory", ""), ("server.url-template", "https://example.com/v1"),
        ("server.url-template", "ftp://example.com/{filename}"), ("server.redirect-downloads", "maybe"),
        ("server.shutdown-deadline", "30"), ("server.shutdown-deadline", "2h"), ("server.metadata-lifetime", "1s"),
        ("server.max-upload-size", "lots"), ("server.metrics.enabled", "open"),
        ("server.trusted-proxies", "proxy.example"), ("server.trusted-proxies", "10.0.0.0/33"),
        ("server.trusted-proxies-field", "via"),
        ("server.max-upload-size", "0"), ("server.max-upload-size", "99999999T"), ("auth.basic.enabled", "yes"),
        ("auth.session-lifetime", "1s"),
        ("auth.oauth.enabled", "1"), ("auth.oauth.sig-algs", "HS256"), ("auth.oauth.sig-algs", "RS256,none"),
        ("auth.oauth.allowed-email-ids", "somebody"), ("auth.oauth.jwks.url", "http://keys.example.com"),
        ("auth.oauth.jwks.url", "keys.example.com"), ("auth.oauth.jwks.refresh-interval", "1s"), ("patch-storage.type", "s3"),
        ("patch-storage.type", "tape"), ("patch-cache.enabled", "hot"), ("patch-cache.cache-ttl", "0s"),
        ("patch-cache.cache-size", "0"), ("patch-cache.cache-size", "1M"), ("patch-cache.cache-bytes", "1K"),
        ("patch-sync.upstream-url", "patches.example.com"), ("patch-sync.upstream-url", "https://a,ftp://b"),
        ("patch-sync.upstream-url", "https://"), ("patch-sync.upstream-url", "https://a/?q=1"),
        ("patch-sync.mode", "lazy"), ("patch-sync.mode", "On-Demand"),
        ("patch-sync.interval", "0s"), ("patch-sync.push.enabled", "often"), ("server.client-push.enabled", "2"),
        ("patch-sync.architectures", "amd64,ARM"), ("patch-sync.flavors", "generic,-x"),
        ("patch-sync.minimum-kernel-version", "5.x"), ("patch-sync.id", "a b"), ("patch-sync.proxy.http", "proxy:3128"),
        ("patch-sync.proxy.no-proxy", "a b"), ("patch-sync.ca", "/does/not/exist.pem"),
        ("patch-sync.max-concurrent-transfers", "0"), ("patch-sync.max-concurrent-transfers", "many"),
        ("patch-sync.bandwidth-limit", "10Mbit"), ("patch-sync.max-removal-share", "0.5"),
        ("patch-sync.trusted-roots", "5f0a"), ("patch-sync.trusted-roots", String(repeating: "F", count: 64)),
        ("patch-sync.max-removal-share", "101%"), ("patch-sync.token-file", "/does/not/exist"),
        ("server.check-in-interval", "59s"), ("server.check-in-interval", "8d"), ("server.check-in-interval", "hourly"),
        ("machine-reports.database.enabled", "on"), ("machine-reports.database.retention-days", "0"),
        ("machine-reports.database.retention-days", "10d"), ("machine-reports.database.cleanup-row-limit", "0"),
        ("machine-reports.database.cleanup-interval", "6"), ("patch-sync.machine-count-strategy", "exact"),
        ("patch-sync.send-machine-reports", "all"), ("server.concurrency-limit", "3"),
        ("server.concurrency-limit", "all"), ("server.burst-limit", "-1"), ("server.queue-timeout", "0s"),
        ("server.rate-limit.machines", "10/s"), ("server.rate-limit.downstreams", "-1"),
        ("server.rate-limit.registrations", "none"), ("server.max-connections", "0"),
        ("server.max-connections-per-address", "-1"), ("server.max-waiting-requests", "15"),
        ("server.max-header-size", "1"), ("server.max-header-count", "1"),
        ("server.max-url-length", "1M"), ("server.header-timeout", "10"), ("server.idle-timeout", "2h"),
        ("server.answer-timeout", "0s"), ("server.min-transfer-rate", "1K/s"), ("server.transfer-window", "1"),
        ("webhooks.failed-machines", "0"), ("webhooks.failed-machines", "10%"),
        ("webhooks.failed-share", "0.1"), ("webhooks.failed-share", "101%"),
    ])
    func `a malformed value is told with key, value and origin`(key: String, value: String) throws {
        let found = problems(set: "\(key)=\(value)")
        #expect(found.count == 1)
        let problem = try #require(found.first)
        #expect(problem.key == key)
        #expect(problem.origin == .option("--set"))
        let shown = value.isEmpty ? "empty" : value
        #expect(problem.message.contains(shown))
        #expect(problem.kind == .malformedValue || problem.kind == .unreadable)
    }

    @Test func `an entry of a list that cannot be read is named`() throws {
        let problem = try #require(problems(set: "patch-sync.architectures=amd64, ARM").first)
        #expect(problem.message.contains("has an entry, 'ARM', that is not an architecture"))
        let root = String(repeating: "0", count: 64)
        let mistaken = try #require(problems(set: "patch-sync.trusted-roots=\(root),sha256:\(root)").first)
        #expect(mistaken.message.contains("has an entry, 'sha256:\(root)', that is not the fingerprint of a root"))
        #expect("\(mistaken)".contains("64 lower-case hexadecimal digits"))
    }

    @Test(arguments: [
        "database.connection-string", "patch-storage.s3-bucket", "tracing.anything",
        "cve-sync.source-url",
    ])
    func `a key that this release lacks is refused by name wherever it is set`(key: String) throws {
        let variable = "LP_" + key.uppercased().replacing(".", with: "_").replacing("-", with: "_")
        for found in [
            problems(set: "\(key)=x"), problems(environment: [variable: "x"]), problems(yaml: "\(key): x"),
            problems(yaml: "\(key): [x, y]"),
        ] {
            #expect(found.map(\.kind) == [.notAvailable])
            #expect(found.first?.message.hasPrefix("This release does not have '") == true)
        }
    }

    @Test func `an assignment without a value is refused without repeating what may be a secret`() throws {
        let found = problems(set: "hunter2", "patch-sync.enabled")
        #expect(found.map(\.message) == ["Assignment number 1 has no '='.", "'patch-sync.enabled' has no value."])
    }

    @Test func `a sync needs an upstream and a token`() {
        #expect(problems(set: "patch-sync.enabled=true").map(\.key) == ["patch-sync.upstream-url", "patch-sync.token"])
        #expect(problems(purpose: .sync).map(\.key) == ["patch-sync.upstream-url", "patch-sync.token"])
        #expect(problems().isEmpty)
    }

    @Test func `a malformed token is not also reported as missing`() {
        let found = problems(set: "patch-sync.enabled=true", "patch-sync.upstream-url=https://a", "patch-sync.token=secret")
        #expect(found.map(\.kind) == [.malformedValue])
    }

    @Test(arguments: [
        (["server.tls.certificate=a"], "server.tls.certificate", "server.tls.key is not"),
        (["server.tls.key=a"], "server.tls.key", "server.tls.certificate is not"),
        (["patch-sync.client-certificate=a"], "patch-sync.client-certificate", "patch-sync.client-key is not"),
        (["patch-sync.client-key=a"], "patch-sync.client-key", "patch-sync.client-certificate is not"),
        (
            ["server.tls.certificate=a", "server.tls.key=b", "server.tls.client-certificates=optional"],
            "server.tls.client-certificates", "no authority is named"
        ),
        (
            ["server.tls.client-ca=c", "server.tls.client-certificates=required-from-downstreams"],
            "server.tls.client-certificates", "does not speak TLS"
        ),
    ])
    func `a certificate needs its key, and asking for certificates an authority`(
        settings: [String], key: String, words: String
    ) throws {
        let found = problems(settings)
        #expect(found.map(\.kind) == [.missingValue])
        #expect(found.first?.key == key)
        #expect(found.first?.message.contains(words) == true)
    }

    @Test func `an authority that nobody is asked for is noted`() throws {
        let notes = try load(["server.tls.certificate=a", "server.tls.key=b", "server.tls.client-ca=c"]).notes
        #expect(notes.contains { $0.contains("nobody is asked for one") })
    }

    @Test func `token and token file exclude each other`() {
        let found = problems(set: "patch-sync.token=\(aToken)", "patch-sync.token-file=/etc/token")
        #expect(found.map(\.kind) == [.conflict])
    }

    @Test func `a redirect needs somewhere to go`() {
        #expect(problems(set: "server.redirect-downloads=true").map(\.key) == ["server.redirect-downloads"])
    }

    @Test func `a proxy that is switched on needs an address`() {
        #expect(problems(set: "patch-sync.proxy.enabled=true").map(\.kind) == [.missingValue])
    }

    @Test func `the same upstream twice is a mistake`() {
        #expect(problems(set: "patch-sync.upstream-url=https://a,https://a").map(\.kind) == [.conflict])
    }

    @Test(arguments: ["admin", "admin:password", "admin:$1$abc", ":\(aHash)", "a b:\(aHash)", "a:\(aHash)x"])
    func `users that are not user and bcrypt hash are refused`(users: String) {
        #expect(problems(set: "auth.basic.users=\(users)").map(\.kind) == [.malformedValue])
    }

    @Test func `a user who is named twice is refused`() {
        #expect(problems(set: "auth.basic.users=ann:\(aHash),bob:\(aHash),ann:\(aHash)").map(\.kind) == [.conflict])
    }

    @Test func `an identity provider needs all that tokens are checked by`() {
        let missing = problems(set: "auth.oauth.enabled=true")
        #expect(missing.map(\.kind) == Array(repeating: .missingValue, count: 4))
        #expect(
            Set(missing.compactMap(\.key)) == [
                "auth.oauth.issuer", "auth.oauth.audience", "auth.oauth.allowed-email-ids", "auth.oauth.jwks.url",
            ])
        let mistyped = problems(set: "auth.oauth.allowed-email-ids=a@example.com", "auth.oauth.roles=b@example.com=read")
        #expect(mistyped.map(\.kind) == [.conflict])
        #expect(problems(set: "auth.oauth.allowed-email-ids=A@example.com", "auth.oauth.roles=a@Example.com=read").isEmpty)
    }

    @Test(arguments: ["ann", "=read", "ann=root", "ann:read", "ann=", "ann=read,bob"])
    func `roles that are not user and role are refused`(roles: String) {
        let found = problems(set: "auth.basic.users=ann:\(aHash),bob:\(aHash)", "auth.basic.roles=\(roles)")
        #expect(found.map(\.kind) == [.malformedValue])
    }

    @Test func `a role is given once, and to a user that there is`() {
        let users = "auth.basic.users=ann:\(aHash)"
        #expect(problems(set: users, "auth.basic.roles=ann=read,ann=admin").map(\.kind) == [.conflict])
        let mistyped = problems(set: users, "auth.basic.roles=anne=read")
        #expect(mistyped.map(\.kind) == [.conflict])
        #expect(mistyped.first?.message == "auth.basic.roles names 'anne', who is not in auth.basic.users.")
        #expect(problems(set: users, "auth.basic.roles=ann=operate").isEmpty)
    }

    @Test func `settings without effect are noted, not refused`() throws {
        let notes = try load(
            set: "patch-sync.sync-tiers=true", "patch-sync.proxy.http=http://p:3128", "auth.basic.enabled=false",
            "machine-reports.database.enabled=false", "patch-sync.send-machine-reports=true"
        ).notes
        #expect(notes.count == 4)
    }

    @Test func `an unencrypted upstream is noted, unless it is this machine`() throws {
        func notes(_ url: String) throws -> [String] {
            try load(set: "patch-sync.enabled=true", "patch-sync.token=\(aToken)", "patch-sync.upstream-url=\(url)").notes
        }
        #expect(try notes("http://patches.example.com").count == 1)
        #expect(try notes("http://127.0.0.1:8080").isEmpty)
        #expect(try notes("http://[::1]:8080").isEmpty)
        #expect(try notes("https://patches.example.com").isEmpty)
    }
}
