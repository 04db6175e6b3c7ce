public import LivepatchKit
import Synchronization
public import TUF

/// Keys in memory.
public final class InMemoryTrustKeyStore: TrustKeyStore {
    private let keys: Mutex<[TrustKeyName: SigningKey]>

    public init(_ keys: [TrustKeyName: SigningKey] = [:]) { self.keys = Mutex(keys) }

    public func key(_ name: TrustKeyName) async throws -> SigningKey? { keys.withLock { $0[name] } }

    public func keyOrNew(_ name: TrustKeyName) async throws -> SigningKey {
        try keys.withLock { keys in
            if let key = keys[name] { return key }
            let key = try SigningKey.generateEd25519()
            keys[name] = key
            return key
        }
    }

    /// Takes a key away, as whoever keeps it elsewhere does, or puts one in its place.
    public func set(_ key: SigningKey?, as name: TrustKeyName) { keys.withLock { $0[name] = key } }
}
