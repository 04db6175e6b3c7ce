public import FoundationEssentials
import TUF

/// How recent what a bundle proves is.
public struct BundleProof: Hashable, Sendable, Codable {
    /// When the first of its timestamps expires.
    public let end: Date

    /// In words, as of a moment.
    public func sentence(at now: Date) -> String {
        let age = now.timeIntervalSince(end)
        let text = Timestamp.text(end)
        guard age > 0 else { return "What it holds is proven to be recent until \(text)." }
        return "What it holds was proven to be recent until \(text), \(Self.words(age)) ago: nothing newer is known here."
    }

    private static func words(_ seconds: TimeInterval) -> String {
        let units: [(seconds: Double, name: String)] = [(86_400, "day"), (3600, "hour"), (60, "minute")]
        let unit = units.first { seconds >= 2 * $0.seconds } ?? (1, "second")
        let count = Int64(seconds / unit.seconds)
        return "\(count) \(unit.name)\(count == 1 ? "" : "s")"
    }
}

extension Head {
    /// The earliest end of the timestamps of all repositories that the head names; `nil` if nothing is signed.
    /// - Parameter read: finds a metadata file's bytes.
    /// - Throws: ``LivepatchError`` with the code `upstream-malformed`.
    func proof(_ read: (MetadataFile) throws -> [UInt8]?) throws -> BundleProof? {
        guard let metadata else { return nil }
        let ends = try metadata.repositories.map { try Self.timestamp(of: $0.repository, read).expires.date }
        return ends.min().map(BundleProof.init)
    }

    /// A repository's timestamp, of which nothing was verified.
    static func timestamp(
        of repository: MetadataRepository, _ read: (MetadataFile) throws -> [UInt8]?
    ) throws -> TUF.Timestamp {
        guard let bytes = try read(MetadataFile(MetadataFile.timestamp, of: repository)),
            let timestamp = try? Metadata<TUF.Timestamp>(bytes).signed
        else { throw LivepatchError(.upstreamMalformed, "There is no readable timestamp of \(repository).") }
        return timestamp
    }
}

extension MetadataCache {
    /// The version of the timestamp that is trusted; `nil` if there is none.
    func timestampVersion() async throws -> Int? {
        let bytes = try await read(RoleName.timestamp, limit: ClientLimits().timestampLength)
        return bytes.flatMap { try? Metadata<TUF.Timestamp>($0).signed.version }
    }
}
