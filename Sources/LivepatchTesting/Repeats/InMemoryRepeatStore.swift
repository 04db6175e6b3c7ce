import FoundationEssentials
public import LivepatchKit

/// The answers to changes that may be asked for again, in an ``InMemoryDatabase``.
public struct InMemoryRepeatStore: RepeatStore {
    private let database: InMemoryDatabase
    private let limit: Int

    /// - Parameter limit: the most changes that are remembered, 1 or more.
    public init(_ database: InMemoryDatabase, limit: Int = RepeatedChanges.limit) {
        self.database = database
        self.limit = limit
    }

    public func begin(_ claim: RepeatClaim) async throws -> RepeatedChange? {
        try database.write { tables in
            let time = Timestamp.wholeSecond(claim.time)
            let horizon = time.addingTimeInterval(-RepeatedChanges.lifetime)
            tables.repeats = tables.repeats.filter { $0.value.begun > horizon }
            if let known = tables.repeats[claim.name] { return known.change }
            if tables.repeats.count >= limit {
                let oldest = tables.repeats.min { ($0.value.begun, $1.key.description) < ($1.value.begun, $0.key.description) }
                if let oldest { tables.repeats[oldest.key] = nil }
            }
            tables.repeats[claim.name] = StoredRepeat(
                change: RepeatedChange(fingerprint: claim.fingerprint, run: claim.run, sealed: nil), begun: time)
            return nil
        }
    }

    public func finish(_ name: SHA256Digest, sealed: [UInt8]) async throws {
        try database.write { tables in
            guard let known = tables.repeats[name] else { return }
            tables.repeats[name]?.change = RepeatedChange(
                fingerprint: known.change.fingerprint, run: known.change.run, sealed: sealed)
        }
    }

    public func abandon(_ name: SHA256Digest) async throws {
        try database.write { tables in
            if tables.repeats[name]?.change.sealed == nil { tables.repeats[name] = nil }
        }
    }
}

/// A change as it is kept.
struct StoredRepeat: Sendable {
    var change: RepeatedChange
    let begun: Date
}
