import Foundation
import LivepatchKit
import Testing

@Suite("Stores of repeated changes")
struct RepeatStoreTests {
    private func claim(_ name: String, at time: Date = noon, run: String = "run") -> RepeatClaim {
        RepeatClaim(
            name: SHA256Digest(of: Array(name.utf8)), fingerprint: SHA256Digest(of: Array("request".utf8)), run: run, time: time)
    }

    @Test("a change is begun once, answered, and forgotten after its time", arguments: Implementation.allCases)
    func life(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let store = stores.repeats
            let claim = claim("one")
            #expect(try await store.begin(claim) == nil)
            let begun = try #require(try await store.begin(self.claim("one", run: "other")))
            #expect(begun == RepeatedChange(fingerprint: claim.fingerprint, run: "run", sealed: nil))
            try await store.finish(claim.name, sealed: [1, 2, 3])
            try await store.abandon(claim.name)
            #expect(try await store.begin(claim)?.sealed == [1, 2, 3])
            #expect(try await store.begin(self.claim("one", at: noon + RepeatedChanges.lifetime - 1)) != nil)
            #expect(try await store.begin(self.claim("one", at: noon + RepeatedChanges.lifetime)) == nil)
        }
    }

    @Test("what came to nothing can be begun again", arguments: Implementation.allCases)
    func abandoned(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let claim = claim("one")
            _ = try await stores.repeats.begin(claim)
            try await stores.repeats.abandon(claim.name)
            #expect(try await stores.repeats.begin(claim) == nil)
        }
    }

    @Test("the oldest are forgotten first", arguments: Implementation.allCases)
    func bound(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            _ = try await stores.repeats.begin(claim("oldest"))
            for number in 1...20 { _ = try await stores.repeats.begin(claim("\(number)", at: noon + 1)) }
            #expect(try await stores.repeats.begin(claim("7", at: noon + 2)) != nil)
            #expect(try await stores.repeats.begin(claim("oldest", at: noon + 2)) == nil)
        }
    }
}
