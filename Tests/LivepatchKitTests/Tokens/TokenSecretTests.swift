import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct TokenSecretTests {
    @Test func `secrets are UUIDs of version 4, all different`() {
        var random = SeededGenerator(seed: 6)
        let secrets = (0..<2_000).map { _ in TokenSecret.random(using: &random) }
        #expect(Set(secrets).count == secrets.count)
        for secret in secrets {
            #expect(secret.utf8.count == 36)
            #expect(TokenSecret.isWellFormed(secret), "\(secret)")
        }
    }

    @Test func `all 122 free bits are random, and the others are fixed`() {
        var random = SeededGenerator(seed: 7)
        var ones = [UInt8](repeating: 0, count: 16)
        var zeros = [UInt8](repeating: 0, count: 16)
        for _ in 0..<500 {
            let digits = Array(TokenSecret.random(using: &random).filter { $0 != "-" })
            for index in 0..<16 {
                let byte = UInt8(String(digits[(2 * index)...(2 * index + 1)]), radix: 16) ?? 0
                ones[index] |= byte
                zeros[index] |= ~byte
            }
        }
        let free = zip(ones, zeros).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
        #expect(free == 122)
    }

    @Test func `the system's secrets are well formed`() {
        #expect(TokenSecret.isWellFormed(TokenIssuer.systemSecret()))
        #expect(TokenIssuer.systemSecret() != TokenIssuer.systemSecret())
    }

    @Test(arguments: [
        "", "4f9d0b1e-9a1c-4c53-8f0a-6f3d4a0e7b1", "4f9d0b1e-9a1c-4c53-8f0a-6f3d4a0e7b111",
        "4F9D0B1E-9A1C-4C53-8F0A-6F3D4A0E7B11",
        "4f9d0b1e-9a1c-1c53-8f0a-6f3d4a0e7b11", "4f9d0b1e-9a1c-4c53-7f0a-6f3d4a0e7b11", "4f9d0b1e9a1c4c538f0a6f3d4a0e7b11",
        " 4f9d0b1e-9a1c-4c53-8f0a-6f3d4a0e7b11", "4f9d0b1e-9a1c-4c53-8f0a-6f3d4a0e7b11\n",
    ])
    func `anything else is not well formed`(_ text: String) { #expect(!TokenSecret.isWellFormed(text)) }

    @Test func `what is stored is the SHA-256 of the secret's characters`() {
        #expect(TokenSecret.hash("abc") == SHA256Digest(of: Array("abc".utf8)))
    }
}
