import TUF
import Testing

@Suite struct `Keys` {
    /// RSA keys take long to make.
    private static let keys = Result { [try SigningKey.generateEd25519(), try .generateECDSA(), try .generateRSA(bits: 2048)] }

    private func isSigned(_ bytes: [UInt8], _ key: Key) throws -> Bool {
        var metadata = Metadata(Timestamp(expires: TestRepository.now))
        metadata.add(Signature(keyID: "k", bytes: bytes))
        return try metadata.signers(among: RoleKeys(keyIDs: ["k"]), keys: ["k": key]) == 1
    }

    @Test func `of every type sign what their public keys verify, and nothing else`() async throws {
        let message = try Metadata(Timestamp(expires: TestRepository.now)).signedBytes()
        for key in try Self.keys.get() {
            let signature = try await key.sign(message)
            #expect(try isSigned(signature, key.key))
            #expect(try !isSigned(try await key.sign(message + [0]), key.key))
            var flipped = signature
            flipped[flipped.count / 2] ^= 1
            #expect(try !isSigned(flipped, key.key))
            for wrong in [[], [0], Array(signature.dropLast()), signature + [0]] { #expect(try !isSigned(wrong, key.key)) }
            for other in try Self.keys.get() where other.keyID != key.keyID { #expect(try !isSigned(signature, other.key)) }
            for other in [try SigningKey.generateEd25519(), try .generateECDSA()] { #expect(try !isSigned(signature, other.key)) }
        }
    }

    @Test func `come back from their secret bytes`() throws {
        for key in try Self.keys.get() {
            let same =
                key.key.type == "ed25519"
                ? try SigningKey(ed25519: key.secretBytes) : try SigningKey(pem: String(decoding: key.secretBytes, as: UTF8.self))
            #expect(same.keyID == key.keyID)
            #expect(same.key == key.key)
        }
    }

    @Test func `that are none are refused`() async {
        await expectRefusal(.unusableKey) { _ = try SigningKey(ed25519: [1, 2, 3]) }
        await expectRefusal(.unusableKey) { _ = try SigningKey(pem: "-----BEGIN NOTHING-----") }
        await expectRefusal(.unusableKey) { _ = try SigningKey.generateRSA(bits: 1024) }
    }

    @Test(arguments: [
        Key(type: "ed25519", scheme: "ed25519", publicKey: "00"), Key(type: "ed25519", scheme: "ed25519", publicKey: "xyz"),
        Key(type: "ed448", scheme: "ed448", publicKey: ""), Key(type: "rsa", scheme: "rsassa-pss-sha256", publicKey: "no PEM"),
        Key(type: "rsa", scheme: "rsassa-pss-md5", publicKey: ""),
        Key(type: "ecdsa", scheme: "ecdsa-sha2-nistp256", publicKey: ""),
    ])
    func `that are not known verify nothing`(_ key: Key) throws { #expect(try !isSigned([UInt8](repeating: 1, count: 64), key)) }

    @Test func `have the id that other implementations give them`() throws {
        let key = Key(
            type: "ed25519", scheme: "ed25519", publicKey: "edcd0a32a07dce33f7c7873aaffbff36d20ea30787574ead335eefd337e4dacd")
        #expect(try key.computedID() == "2345a90ad8d76f3677f9ad6695b0ba0b5c7b7fbf27fb0ed35fbdf7b71264a679")
    }
}

@Suite struct `Thresholds` {
    private let body = Timestamp(expires: TestRepository.now)

    private func check(_ signers: [SigningKey], _ ids: [String], _ threshold: Int, _ keys: NameTable<Key>) async throws {
        var metadata = Metadata(body)
        for signer in signers { try await metadata.sign(with: signer) }
        try metadata.verify(by: RoleKeys(keyIDs: ids, threshold: threshold), keys: keys, name: "timestamp")
    }

    @Test func `count keys of the role only`() async throws {
        let own = try SigningKey.generateEd25519()
        let stranger = try SigningKey.generateEd25519()
        let keys: NameTable<Key> = [own.keyID: own.key, stranger.keyID: stranger.key]
        try await check([own, stranger], [own.keyID], 1, keys)
        await expectRefusal(.unsigned) { try await check([own, stranger], [own.keyID], 2, keys) }
        await expectRefusal(.unsigned) { try await check([stranger], [own.keyID], 1, keys) }
        await expectRefusal(.unsigned) { try await check([own], [own.keyID], 1, [:]) }
        await expectRefusal(.unsigned) { try await check([own], [], 1, keys) }
    }

    @Test func `count a key once, by however many ids it is listed`() async throws {
        let key = try SigningKey.generateECDSA()
        var keys = NameTable<Key>()
        for number in 0..<5 { keys["id\(number)"] = key.key }
        var metadata = Metadata(body)
        let bytes = try metadata.signedBytes()
        for id in keys.names { metadata.add(Signature(keyID: id, bytes: try await key.sign(bytes))) }
        let role = RoleKeys(keyIDs: keys.names, threshold: 2)
        #expect(try metadata.signers(among: role, keys: keys) == 1)
        await expectRefusal(.unsigned) { try metadata.verify(by: role, keys: keys, name: "timestamp") }
    }

    @Test func `are not harmed by signatures that are none`() async throws {
        let own = try SigningKey.generateEd25519()
        let other = try SigningKey.generateEd25519()
        var metadata = Metadata(body)
        try await metadata.sign(with: own)
        metadata.add(Signature(keyID: other.keyID, bytes: []))
        let keys: NameTable<Key> = [own.keyID: own.key, other.keyID: other.key]
        try metadata.verify(by: RoleKeys(keyIDs: keys.names), keys: keys, name: "timestamp")
        for text in ["", "zz", "abc", "not hexadecimal"] {
            let document = String(decoding: metadata.document, as: UTF8.self).replacing(
                "\"sig\":\"\"", with: "\"sig\":\"\(text)\"")
            let read = try Metadata<Timestamp>(Array(document.utf8))
            try read.verify(by: RoleKeys(keyIDs: keys.names), keys: keys, name: "timestamp")
        }
    }

    @Test func `need ids that are listed once, in roles and in signatures`() async throws {
        let test = try await TestRepository()
        let root = String(decoding: test.repository.root.document, as: UTF8.self)
        let id = try test.key("root").keyID
        let twice = root.replacing("\"keyids\":[\"\(id)\"]", with: "\"keyids\":[\"\(id)\",\"\(id)\"]")
        #expect(twice != root)
        await expectRefusal(.malformed) { _ = try Metadata<Root>(Array(twice.utf8)) }
        let start = try #require(root.firstRange(of: "\"signatures\":["))
        let end = try #require(root[start.upperBound...].firstIndex(of: "]"))
        let signature = root[start.upperBound..<end]
        let doubled = root.replacing(signature, with: "\(signature),\(signature)")
        await expectRefusal(.malformed) { _ = try Metadata<Root>(Array(doubled.utf8)) }
    }
}
