import FoundationEssentials
import LivepatchConfiguration
import LivepatchKit
import Testing

struct FileTests {
    @Test(arguments: [
        "patch-sync:\n  flavors: [generic, aws]\n  proxy:\n    no-proxy: a\n",
        "patch-sync.flavors: generic,aws\npatch-sync.proxy.no-proxy: [a]\n",
        "patch-sync.flavors:\n- generic\n- aws\npatch-sync:\n  proxy.no-proxy: a\n",
        "patch-sync: {flavors: 'generic, aws', proxy: {no-proxy: [a]}}\n",
        "---\n# comment\npatch-sync:\n  flavors: &f [generic, aws]\n  proxy: {enabled: false, no-proxy: a}\n",
    ])
    func `nested keys, dotted keys and both lists say the same`(yaml: String) throws {
        let loaded = try load(yaml: yaml)
        let flavours = try Set(["generic", "aws"].map { try Flavour(parsing: $0) })
        #expect(loaded.server.sync.filter.flavours == flavours)
        #expect(loaded.effective.entries.first { $0.key.name == "patch-sync.proxy.no-proxy" }?.shownValue == "a")
    }

    @Test(arguments: ["", "# only a comment\n", "---\n", "server:\n", "server:\n  log-level:\npatch-sync: ~\n"])
    func `what says nothing sets nothing`(yaml: String) throws {
        #expect(try load(yaml: yaml).server == load().server)
    }

    @Test func `numbers, booleans and quoted texts are read as they are written`() throws {
        let loaded = try load(
            yaml:
                "patch-sync:\n  max-concurrent-transfers: 16\n  sync-tiers: true\n  minimum-kernel-version: 5.10\n  id: \"0123\"\n"
        )
        #expect(loaded.server.sync.maximumTransfers == 16)
        #expect(loaded.server.sync.mirrorsTiers)
        #expect(loaded.server.sync.filter.minimumKernel?.numbers == [5, 10])
        #expect(loaded.server.sync.deployment?.rawValue == "0123")
    }

    @Test(arguments: [
        ("server: [1, 2]\n", "'server' is a section of keys"), ("server: yes\n", "'server' is a section of keys"),
        ("server.log-level: [info]\n", "'server.log-level' is a list"), ("- a\n", "does not consist of keys and values"),
        ("server:\n  log-level: info\nserver.log-level: debug\n", "'server.log-level' is set twice, first on line 2"),
        ("server:\n  log-level: info\n  log-level: debug\n", "a key is there twice"),
        ("server:\n log-level: {a: b}\n", "There is no key 'server.log-level.a'"), ("nowhere:\n", "There is no key 'nowhere'"),
        ("[a]: 1\n", "a key that is not a name"), ("a: b: c\n", "It is not YAML"), ("a: 1\n---\nb: 2\n", "It is not YAML"),
        ("patch-sync.flavors: [[a]]\n", "not a plain value"),
    ])
    func `what cannot be meant is refused`(yaml: String, message: String) throws {
        let problem = try #require(problems(yaml: yaml).first)
        #expect(problem.message.contains(message))
    }

    @Test func `aliases that stand for more keys than anybody writes end in an error`() {
        var yaml = "a0: &a0 {x: 1, y: 2}\n"
        for level in 1...30 { yaml += "a\(level): &a\(level) {l: *a\(level - 1), r: *a\(level - 1)}\n" }
        #expect(problems(yaml: yaml).contains { $0.message.contains("more keys or levels") })
    }

    @Test func `a file that cannot be read is named`() throws {
        try withDirectory { directory in
            for path in [directory + "/missing.yaml", directory] {
                let error = try #require(throws: LivepatchError.self) { try ConfigurationSources(file: path).load() }
                #expect(error.configurationProblems.map(\.kind) == [.unreadable])
                #expect(error.message.contains(path))
            }
            let large = try write(String(repeating: "#", count: 1 << 21), to: directory + "/large.yaml")
            #expect(throws: LivepatchError.self) { try ConfigurationSources(file: large).load() }
        }
    }

    @Test func `reading again takes up what changed and says what needs a restart`() throws {
        try withDirectory { directory in
            let file = try write("server:\n  log-level: info\n", to: directory + "/livepatch.yaml")
            let sources = ConfigurationSources(file: file)
            let before = try sources.load()
            try write(
                "server: {log-level: debug, server-address: ':9090'}\nauth.basic.users: 'ann:\(aHash)'\n", to: file)
            let after = try sources.load()
            #expect(after.server.logLevel == .debug)
            #expect(after.server.authentication.users.map(\.user) == ["ann"])
            #expect(
                after.keysChanged(since: before).map(\.name) == ["server.log-level", "server.server-address", "auth.basic.users"])
            #expect(after.keysNeedingRestart(since: before).map(\.name) == ["server.server-address"])
        }
    }

    @Test func `the environment gives a token, upstreams in order, and the same sync to both programs`() throws {
        let environment = [
            "LP_PATCH_SYNC_TOKEN": aToken, "LP_PATCH_SYNC_UPSTREAM_URL": "https://a.example, https://b.example:8443/livepatch",
            "LP_PATCH_SYNC_ENABLED": "true", "LP_PATCH_SYNC_BANDWIDTH_LIMIT": "10M",
        ]
        let sync = try load(environment: environment).server.sync
        #expect(sync.token?.revealed == aToken)
        #expect(sync.upstreams.map(\.absoluteString) == ["https://a.example", "https://b.example:8443/livepatch"])
        #expect(sync.bandwidthLimit == 10_485_760)
        #expect(try load(environment: environment, purpose: .sync).server.sync == sync)
    }
}
