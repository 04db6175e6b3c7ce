import FoundationEssentials
import LivepatchHTTP
import LivepatchKit
import NIOSSL
import ScriptedServer
import Testing

@Suite struct `Connecting with TLS` {
    @Test func `a private authority is trusted once it is named, as text or as a file`() async throws {
        let server = try await ScriptedServer.start(tls: TestCertificate.server()) { .content([1, 2, 3], for: $0) }
        let path = FileManager.default.temporaryDirectory.appending(path: "authority-\(UUID()).pem").path
        try Data(TestCertificate.authority.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        for authorities in [try TrustedAuthorities(TestCertificate.authority), try TrustedAuthorities(path)] {
            let upstream = try HTTPUpstream.to(server.url, options: ConnectionOptions(authorities: authorities))
            #expect(try await upstream.head(unless: nil)?.bytes == [1, 2, 3])
            await upstream.close()
        }
        let stranger = try HTTPUpstream.to(server.url)
        let error = await expectError(.upstreamUnreachable) { _ = try await stranger.head(unless: nil) }
        #expect(
            error?.message.contains("issued by an authority that is not trusted (CN=Livepatch test authority)") == true,
            "\(error?.message ?? "nothing")")
        #expect(error?.suggestion?.contains("private authority") == true)
        await stranger.close()
        await server.stop()
    }

    @Test func `TLS older than 1.2 is refused`() async throws {
        var old = try TestCertificate.server()
        old.minimumTLSVersion = .tlsv1
        old.maximumTLSVersion = .tlsv11
        let server = try await ScriptedServer.start(tls: old) { _ in .ok([]) }
        let upstream = try HTTPUpstream.to(
            server.url, options: ConnectionOptions(authorities: TrustedAuthorities(TestCertificate.authority)))
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.contains("speaks no version of TLS that is safe") == true, "\(error?.message ?? "nothing")")
        #expect(server.requests.isEmpty)
        await upstream.close()
        await server.stop()
    }

    @Test func `a certificate for another name is refused`() async throws {
        let server = try await ScriptedServer.start(tls: TestCertificate.server()) { _ in .ok([]) }
        let proxy = try await ScriptedProxy.start(routes: ["patches.example.com:443": server.port])
        let options = ConnectionOptions(
            authorities: try TrustedAuthorities(TestCertificate.authority),
            proxies: try ProxyRules(http: nil, https: "http://127.0.0.1:\(proxy.port)"))
        let upstream = try HTTPUpstream.to("https://patches.example.com", options: options)
        let error = await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
        #expect(error?.message.contains("its TLS certificate is not for the name in its URL") == true)
        #expect(server.requests.isEmpty)
        await upstream.close()
        await proxy.stop()
        await server.stop()
    }

    @Test func `a file that is missing or holds no certificate is named`() async throws {
        let missing = await expectError(.configurationInvalid) { _ = try TrustedAuthorities("/nonexistent/ca.pem") }
        #expect(missing?.message.contains("/nonexistent/ca.pem") == true)
        await expectError(.configurationInvalid) { _ = try TrustedAuthorities("-----BEGIN NOTHING") }
    }
}
