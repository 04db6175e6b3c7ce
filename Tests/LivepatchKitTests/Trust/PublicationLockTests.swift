import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct `Publishing from two programs` {
    /// A lock that knows whether somebody holds it.
    private final class WatchedLock: StorageLock {
        private let lock = InMemoryStorageLock()
        private let holders = Mutex(0)

        var isHeld: Bool { holders.withLock { $0 } > 0 }

        func withShared<Value>(_ body: () async throws -> Value) async throws -> Value { try await lock.withShared(body) }

        func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value {
            try await lock.withExclusive {
                holders.withLock { $0 += 1 }
                defer { holders.withLock { $0 -= 1 } }
                return try await body()
            }
        }

        func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value? {
            try await lock.tryExclusive(body)
        }
    }

    @Test func `nothing is written without the lock, and what the other one published is left as it is`() async throws {
        let server = try await InProcessServer(id: "origin")
        try await server.release("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1, 2, 3])
        let lock = WatchedLock()
        let writes = Mutex(0)
        let unlocked = Mutex<[InMemoryPublishedMetadata.Step]>([])
        let repositories = [MetadataRepository.origin(server.deployment), .view(try TierName(parsing: "edge"))]
        for repository in repositories {
            server.trust.files(of: repository).probe { step in
                writes.withLock { $0 += 1 }
                if !lock.isHeld { unlocked.withLock { $0.append(step) } }
            }
        }
        func publisher() -> MetadataPublisher {
            MetadataPublisher(
                catalog: server.catalog, tiers: TierStateCache(catalog: server.catalog), storage: server.trust, keys: server.keys,
                place: { .top }, lock: lock, now: { Date(timeIntervalSince1970: 1_893_456_000) })
        }
        let (one, other) = (publisher(), publisher())
        async let first: Void = one.publish()
        async let second: Void = other.publish()
        _ = try await (first, second)
        let count = writes.withLock { $0 }
        #expect(count > 0 && unlocked.withLock { $0 } == [])
        let files = repositories.map { server.trust.files(of: $0).files }
        try await publisher().publish()
        #expect(writes.withLock { $0 } == count)
        #expect(repositories.map { server.trust.files(of: $0).files } == files)
    }
}
