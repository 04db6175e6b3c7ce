import LivepatchKit
import Testing

@testable import LivepatchKernel

@Suite struct `A module's appended signature` {
    /// The sentence with which a module is refused; `nil` if it is accepted.
    private func refusal(_ module: [UInt8], by certificate: SigningCertificate) -> String? {
        do {
            try ModuleSignature.verify(module, by: certificate)
            return nil
        } catch {
            #expect((error as? LivepatchError)?.code == .patchSignatureInvalid)
            return (error as? LivepatchError)?.message
        }
    }

    private func signer(_ modules: SignedModules) throws -> SigningCertificate {
        try SigningCertificate(try modules.certificate("signer"), source: "'signer.pem'")
    }

    @Test(arguments: ["sha512", "sha384", "sha256", "keyid"]) func `is accepted if the certificate's key made it`(kind: String)
        async throws
    {
        let modules = try await SignedModules.get()
        #expect(refusal(try modules.module(kind), by: try signer(modules)) == nil)
        let der = try SigningCertificate(try modules.certificateDER(), source: "'signer.der'")
        #expect(refusal(try modules.module(kind), by: der) == nil)
    }

    @Test(arguments: [
        ("other", "by another key"), ("attributes", "signed attributes"), ("attached", "content of its own"),
        ("curve", "by another key"), ("sha1", "not RSA with SHA-256"),
    ])
    func `is refused otherwise`(kind: String, words: String) async throws {
        let modules = try await SignedModules.get()
        let said = refusal(try modules.module(kind), by: try signer(modules))
        #expect(said?.contains(words) == true, "\(said ?? "accepted")")
    }

    @Test func `is refused over any other module`() async throws {
        let modules = try await SignedModules.get()
        let certificate = try signer(modules)
        let good = try modules.module("sha512")
        for place in [0, 1, modules.body.count / 2, modules.body.count - 1] {
            var changed = good
            changed[place] ^= 1
            #expect(refusal(changed, by: certificate)?.contains("changed after it was signed") == true)
        }
        // More or fewer bytes of a module before the same message.
        let message = try modules.message("sha512")
        #expect(refusal(SignedModules.append(message, to: modules.body + [0]), by: certificate) != nil)
        #expect(refusal(SignedModules.append(message, to: Array(modules.body.dropLast())), by: certificate) != nil)
    }

    @Test func `is refused if any bit of it is another one`() async throws {
        let modules = try await SignedModules.get()
        let certificate = try signer(modules)
        let good = try modules.module("sha512")
        let end = good.count
        let start = modules.body.count
        var accepted: [Int] = []
        for place in start..<end {
            var changed = good
            changed[place] ^= 1 << UInt8(place % 8)
            if refusal(changed, by: certificate) == nil { accepted.append(place - start) }
        }
        // Versions, parameters and the outer list of digests say nothing that is relied on; the signature itself comes last.
        let value = try modules.message("sha512").count - 256
        #expect(accepted.count < 64 && accepted.allSatisfy { $0 < value }, "\(accepted)")
    }

    @Test func `must be there, and whole`() async throws {
        let modules = try await SignedModules.get()
        let certificate = try signer(modules)
        let good = try modules.module("sha512")
        #expect(refusal(modules.body, by: certificate)?.contains("it has none") == true)
        #expect(refusal([], by: certificate)?.contains("it has none") == true)
        #expect(refusal(SignedModules.magic, by: certificate)?.contains("cut off") == true)
        #expect(refusal(Array(good.dropLast()), by: certificate)?.contains("it has none") == true)
        var long = good
        // A length beyond the file.
        long[good.count - SignedModules.magic.count - 4] = 0x7F
        #expect(refusal(long, by: certificate)?.contains("cut off") == true)
        var kind = good
        kind[good.count - SignedModules.magic.count - 10] = 1
        #expect(refusal(kind, by: certificate)?.contains("not PKCS#7") == true)
        for length in stride(from: 0, to: try modules.message("sha512").count, by: 7) {
            let cut = Array(try modules.message("sha512").prefix(length))
            #expect(refusal(SignedModules.append(cut, to: modules.body), by: certificate) != nil)
        }
    }

    @Test func `a file that is not an RSA certificate is refused by name`() async throws {
        let modules = try await SignedModules.get()
        for bytes in [[], Array("hello".utf8), try modules.certificate("curve"), try modules.message("sha512"), [0x30, 0x00]] {
            let error = #expect(throws: LivepatchError.self) { try SigningCertificate(bytes, source: "'x.pem'") }
            #expect(error?.code == .configurationInvalid)
            #expect(error?.message.contains("'x.pem'") == true)
        }
    }
}
