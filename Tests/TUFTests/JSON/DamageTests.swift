import TUF
import Testing

/// Damaged documents are refused, or read as what they say; nothing ends the process.
@Suite struct `Damaged documents` {
    private static func documents() async throws -> [[UInt8]] {
        let test = try await TestRepository(listsHashes: true) { test in
            try test.delegate(to: "team/é", paths: ["a*", "[x-y]/?"])
            try test.delegate(to: "bins", from: "team/é", prefixes: ["0", "f"])
            try test.repository.addTarget("a\"\\\n", TargetDescription(of: [1, 2], custom: ["n": [1, true, .null]]))
        }
        return test.storage.contents.values.map { $0 }
    }

    private func read(_ document: [UInt8]) {
        if let value = try? JSONDocument.parse(document) {
            _ = try? CanonicalJSON.encode(value)
            #expect((try? JSONDocument.parse(JSONDocument.write(value))) == value)
        }
        _ = (try? Metadata<Root>(document))?.document
        _ = (try? Metadata<Timestamp>(document))?.document
        _ = (try? Metadata<Snapshot>(document))?.document
        if let targets = try? Metadata<Targets>(document) {
            _ = targets.document
            _ = targets.signed.delegations?.roles(for: "a/b")
        }
    }

    @Test func `are harmless wherever they end`() async throws {
        for document in try await Self.documents() {
            for length in 0..<document.count {
                await expectRefusal(.malformed) { _ = try JSONDocument.parse(Array(document[..<length])) }
            }
        }
    }

    @Test func `are harmless whichever byte is another one`() async throws {
        var random = SplitMix(state: 42)
        for document in try await Self.documents() {
            for place in document.indices {
                for byte in [0x22, 0x5C, 0xFF, UInt8.random(in: 0...255, using: &random)] {
                    var spoilt = document
                    spoilt[place] = byte
                    if let value = try? JSONDocument.parse(spoilt) { _ = try? CanonicalJSON.encode(value) }
                }
            }
        }
    }

    @Test func `are harmless however they are stirred`() async throws {
        var random = SplitMix(state: 7)
        let words = ["-1", "0", "9223372036854775807", "1e9", "null", "{}", "[]", "\"\"", "\"\\ud83d\\ude00\"", "true"].map {
            Array($0.utf8)
        }
        for document in try await Self.documents() {
            for _ in 0..<200 {
                var spoilt = document
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let from = Int.random(in: 0...spoilt.count, using: &random)
                    let to = Int.random(in: from...min(spoilt.count, from + 12), using: &random)
                    let patch =
                        Bool.random(using: &random)
                        ? words.randomElement(using: &random) ?? []
                        : Array(document.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random)))
                    spoilt.replaceSubrange(from..<to, with: patch)
                }
                read(spoilt)
            }
        }
    }

    @Test func `are refused by their signatures wherever what is signed was changed`() async throws {
        let test = try await TestRepository()
        let document = test.repository.root.document
        let role = try #require(test.repository.root.signed.roles["root"])
        let keys = test.repository.root.signed.keys
        for place in stride(from: 0, to: document.count, by: 7) {
            var spoilt = document
            spoilt[place] ^= 1
            guard let read = try? Metadata<Root>(spoilt) else { continue }
            let isSigned = (try? read.verify(by: role, keys: keys, name: "root")) != nil
            // Beside what is signed there is nothing but the signature's digits and names.
            #expect(!isSigned || read.signed == test.repository.root.signed)
        }
    }
}

/// Random numbers that are the same each time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
