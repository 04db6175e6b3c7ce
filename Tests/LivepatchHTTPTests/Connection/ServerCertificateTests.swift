import Foundation
import ScriptedServer
import Testing

@testable import LivepatchHTTP

@Suite("What HTTP tells of a server")
struct ServerCertificateTests {
    @Test("a date is read in HTTP's form, and nothing else for one")
    func dates() {
        #expect(HTTPDate.date("Sun, 06 Nov 1994 08:49:37 GMT") == Date(timeIntervalSince1970: 784_111_777))
        for text in ["", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 CET"] {
            #expect(HTTPDate.date(text) == nil)
        }
    }

    @Test("a certificate is shown by a server that is not believed, and none is there without TLS")
    func shown() async throws {
        let server = try await ScriptedServer.start(tls: TestCertificate.server()) { _ in .ok([]) }
        let client = AdminClient(try ServerAddress(parsing: server.url))
        let certificate = try #require(await client.certificate())
        #expect(certificate.names.contains("localhost"))
        #expect(certificate.expires > Date(timeIntervalSinceNow: 50 * 365 * 86_400))
        #expect(server.requests.isEmpty, "nothing is said to somebody who was not verified")
        await client.close()
        await server.stop()
        let plain = try await ScriptedServer.start { _ in .ok([]) }
        let other = AdminClient(try ServerAddress(parsing: plain.url))
        #expect(await other.certificate() == nil)
        await other.close()
        await plain.stop()
    }
}
