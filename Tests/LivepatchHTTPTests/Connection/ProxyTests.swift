import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

@Suite struct `Going through a proxy` {
    @Test func `http and https servers are reached through tunnels, with user and password`() async throws {
        let plain = try await ScriptedServer.start { .content([1], for: $0) }
        let secure = try await ScriptedServer.start(tls: TestCertificate.server()) { .content([2], for: $0) }
        let proxy = try await ScriptedProxy.start(
            authorization: "Basic dXNlcjpwQHNzOndvcmQ=",
            routes: ["upstream.example.com:8080": plain.port, "localhost:443": secure.port])
        let options = ConnectionOptions(
            authorities: try TrustedAuthorities(TestCertificate.authority),
            proxies: try ProxyRules(
                http: "http://user:p%40ss%3Aword@127.0.0.1:\(proxy.port)",
                https: "http://user:p%40ss%3Aword@127.0.0.1:\(proxy.port)/"))
        for (url, byte) in [("http://upstream.example.com:8080", 1), ("https://localhost", 2)] as [(String, UInt8)] {
            let upstream = try HTTPUpstream.to(url, options: options)
            #expect(try await upstream.head(unless: nil)?.bytes == [byte])
            await upstream.close()
        }
        #expect(proxy.targets == ["upstream.example.com:8080", "localhost:443"])
        #expect(plain.requests.first?.header("Host") == "upstream.example.com:8080")
        #expect(plain.requests.first?.header("Proxy-Authorization") == nil)
        await proxy.stop()
        await plain.stop()
        await secure.stop()
    }

    @Test func `an exception is reached directly`() async throws {
        let server = try await ScriptedServer.start { .content([1], for: $0) }
        let proxy = try await ScriptedProxy.start(routes: [:])
        let rules = try ProxyRules(http: "http://127.0.0.1:\(proxy.port)", https: nil, noProxy: ["127.0.0.0/8"])
        let upstream = try HTTPUpstream.to(server.url, options: ConnectionOptions(proxies: rules))
        #expect(try await upstream.head(unless: nil)?.bytes == [1])
        #expect(proxy.targets.isEmpty)
        await upstream.close()
        await proxy.stop()
        await server.stop()
    }

    @Test func `a proxy that refuses is named without the password`() async throws {
        let proxy = try await ScriptedProxy.start(authorization: "Basic other", routes: [:])
        let rules = try ProxyRules(http: "http://user:hunter2@127.0.0.1:\(proxy.port)", https: nil)
        let upstream = try HTTPUpstream.to("http://upstream.example.com", options: ConnectionOptions(proxies: rules))
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.contains("the proxy 127.0.0.1:\(proxy.port) asks for a user and a password") == true)
        #expect("\(error as Any)".contains("hunter2") == false)
        await upstream.close()
        await proxy.stop()
    }

    @Test func `a target that the proxy cannot reach is unreachable`() async throws {
        let proxy = try await ScriptedProxy.start(routes: [:])
        let rules = try ProxyRules(http: "http://127.0.0.1:\(proxy.port)", https: nil)
        let upstream = try HTTPUpstream.to("http://upstream.example.com", options: ConnectionOptions(proxies: rules))
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.contains("does not open a tunnel") == true)
        await upstream.close()
        await proxy.stop()
    }

    @Test(arguments: ["https://proxy.example.com:3128", "socks5://proxy", "proxy:3128", "http://proxy/path", ""])
    func `a proxy that is not an HTTP proxy is refused`(_ url: String) async throws {
        await expectError(.configurationInvalid) { _ = try ProxyRules(http: url, https: nil) }
    }
}
