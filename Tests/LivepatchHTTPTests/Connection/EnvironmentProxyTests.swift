import LivepatchHTTP
import LivepatchKit
import Testing

@Suite struct `Proxies that the environment names` {
    @Test(
        arguments: [
            ([:], nil, nil, []),
            (["HTTPS_PROXY": "http://p:1"], nil, "http://p:1", []),
            (["https_proxy": "http://low:1", "HTTPS_PROXY": "http://up:1"], nil, "http://low:1", []),
            (["https_proxy": "", "HTTPS_PROXY": "http://up:1"], nil, "http://up:1", []),
            (["http_proxy": "p:1", "no_proxy": "a,.b"], "http://p:1", nil, ["a", ".b"]),
            (["HTTP_PROXY": "http://client:1"], nil, nil, []),
            (["ALL_PROXY": "http://all:1", "HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"], "http://all:1", "http://p:1", ["*"]),
        ] as [([String: String], String?, String?, [String])])
    func `are read as others read them`(
        environment: [String: String], http: String?, https: String?, exceptions: [String]
    ) throws {
        let found = EnvironmentProxies(environment)
        #expect(found.http == http)
        #expect(found.https == https)
        #expect(found.exceptions == exceptions)
        _ = try ProxyRules(environment: environment)
    }

    @Test func `are refused without their password when they are none`() {
        let error = #expect(throws: LivepatchError.self) {
            try ProxyRules(environment: ["HTTPS_PROXY": "socks5://user:hunter2@p:1"])
        }
        #expect("\(error as Any)".contains("hunter2") == false)
    }
}
