import FoundationEssentials
import LivepatchHTTP
import LivepatchKit
import NIOSSL
import ScriptedServer
import TestCertificates
import Testing

@Suite("What is said of certificates", .timeLimit(.minutes(1))) struct CertificateMessageTests {
    private func configuration(_ pair: TestAuthority.Pair) throws -> TLSConfiguration {
        .makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(pair.certificate.utf8)).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(pair.key.utf8), format: .pem)))
    }

    /// What a client that trusts an authority says of a server.
    private func refusal(
        by authority: TestAuthority, of tls: TLSConfiguration?, identity: ClientIdentity? = nil, scheme: String = "https"
    ) async throws -> LivepatchError? {
        let server = try await ScriptedServer.start(tls: tls) { .content([1], for: $0) }
        let options = ConnectionOptions(authorities: try TrustedAuthorities(authority.pem), identity: identity)
        let upstream = try HTTPUpstream.to("\(scheme)://localhost:\(server.port)", options: options)
        var refusal: LivepatchError?
        do { _ = try await upstream.head(unless: nil) } catch { refusal = error as? LivepatchError }
        #expect(refusal == nil || server.requests.isEmpty, "nothing is sent to whoever is not trusted")
        await upstream.close()
        await server.stop()
        return refusal
    }

    @Test func `one that has expired is named with its end`() async throws {
        let authority = try TestAuthority()
        let refusal = try await refusal(
            by: authority, of: configuration(authority.issue("patches", from: -7200, until: -3600)))
        #expect(refusal?.code == .upstreamUnreachable)
        #expect(refusal?.message.contains("its TLS certificate (CN=patches) expired at 20") == true, "\(refusal as Any)")
        #expect(refusal?.suggestion?.contains("renewed") == true)
    }

    @Test func `one that is not valid yet is named with its beginning`() async throws {
        let authority = try TestAuthority()
        let refusal = try await refusal(by: authority, of: configuration(authority.issue(from: 3600)))
        #expect(refusal?.message.contains("is valid only from 20") == true, "\(refusal as Any)")
        #expect(refusal?.suggestion?.contains("clock") == true)
    }

    @Test func `one for other names is named with those`() async throws {
        let authority = try TestAuthority()
        let pair = try authority.issue(hosts: ["patches.example.com", "p.example.com"], isLocal: false)
        let refusal = try await refusal(by: authority, of: configuration(pair))
        #expect(
            refusal?.message.contains("its TLS certificate is for patches.example.com, p.example.com, and not for localhost")
                == true, "\(refusal as Any)")
    }

    @Test func `one of an authority that nobody named is named with that authority`() async throws {
        let refusal = try await refusal(by: TestAuthority(), of: configuration(TestAuthority("Strangers").issue()))
        #expect(
            refusal?.message.contains("issued by an authority that is not trusted (CN=Strangers)") == true, "\(refusal as Any)")
        #expect(refusal?.suggestion?.contains("--ca") == true)
    }

    @Test func `a server without TLS is one, and so is one with`() async throws {
        let authority = try TestAuthority()
        let plain = try await refusal(by: authority, of: nil)
        #expect(plain?.message.contains("as one does that does not speak it") == true, "\(plain as Any)")
        #expect(plain?.suggestion?.contains("begins with http.") == true)
        let secure = try await refusal(by: authority, of: configuration(authority.issue()), scheme: "http")
        #expect(secure != nil)
    }

    @Test func `a client's own is shown, and the server's reason for refusing it is told`() async throws {
        let authority = try TestAuthority()
        var tls = try configuration(authority.issue())
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(try authority.pem.utf8)))
        try await withDirectory { directory in
            func identity(_ pair: TestAuthority.Pair, _ name: String) throws -> ClientIdentity {
                let files = try pair.write(to: directory, as: name)
                return try ClientIdentity(certificate: files.certificate, key: files.key)
            }
            let good = try identity(authority.issue("site", hosts: [], isLocal: false), "good")
            #expect(try await refusal(by: authority, of: tls, identity: good) == nil)
            #expect(good.certificate.subject == "CN=site")

            let stranger = try identity(TestAuthority("Strangers").issue("site"), "stranger")
            let refused = try await refusal(by: authority, of: tls, identity: stranger)
            #expect(
                refused?.message.contains("does not accept this side's TLS client certificate: it does not trust who issued it")
                    == true, "\(refused as Any)")
            #expect(refused?.suggestion?.contains("patch-sync.client-certificate") == true)

            let none = try await refusal(by: authority, of: tls)
            #expect(none?.message.contains("asks for a TLS client certificate") == true, "\(none as Any)")
        }
    }

    @Test func `a client's own that is renewed is shown from then on`() async throws {
        let authority = try TestAuthority()
        let old = try TestAuthority("The authority before")
        var tls = try configuration(authority.issue())
        tls.certificateVerification = .noHostnameVerification
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(try authority.pem.utf8)))
        let server = try await ScriptedServer.start(tls: tls) { .content([1], for: $0) }
        try await withDirectory { directory in
            let files = try old.issue("site").write(to: directory, as: "site")
            let identity = try ClientIdentity(certificate: files.certificate, key: files.key)
            let options = ConnectionOptions(authorities: try TrustedAuthorities(authority.pem), identity: identity)
            let upstream = try HTTPUpstream.to(server.url, options: options)
            await expectError(.upstreamUnreachable) { _ = try await upstream.head(unless: nil) }
            try authority.issue("site").write(to: directory, as: "site")
            // The first look sees the change, the second that it has settled.
            _ = try? await upstream.head(unless: nil)
            #expect(try await upstream.head(unless: nil)?.bytes == [1])
            await upstream.close()
        }
        await server.stop()
    }

    @Test func `an upstream that misses one says so in words`() async throws {
        let server = try await ScriptedServer.start { _ in
            try .problem(
                LivepatchError(.clientCertificateRequired, "This server asks downstreams for a TLS client certificate."))
        }
        let upstream = try HTTPUpstream.to(server.url)
        let error = await expectError(.clientCertificateRequired) { _ = try await upstream.head(unless: nil) }
        #expect(error?.suggestion?.contains("patch-sync.client-certificate") == true)
        await upstream.close()
        await server.stop()
    }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }
}
