public import LivepatchKit

/// Remembers the last bundle that was created from a data directory for each tier: its list, in `bundles/TIER.json`.
public struct BundleLedger: Sendable {
    private let folder: Folder
    private let lanes = BlockingLanes("livepatch.bundles", count: 1)

    /// - Parameter path: the directory, which is made with the first list.
    public init(at path: String) { folder = Folder(path) }

    /// The list of the last bundle for a tier; `nil` if there is none.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`, `storage-damaged` if the list cannot be read.
    public func last(_ tier: TierName) async throws -> BundleManifest? {
        let path = file(of: tier)
        return try await lanes.run {
            guard let bytes = try SmallFile.read(path) else { return nil }
            do {
                return try DocumentCoding.decode(BundleManifest.self, from: bytes)
            } catch {
                throw LivepatchError(
                    .storageDamaged,
                    "'\(path)', the list of the last bundle, cannot be read: \(DocumentCoding.reason(error)).",
                    suggestion: "Delete it, and create a whole bundle.", cause: error)
            }
        }
    }

    /// Remembers a bundle that is on its medium.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func remember(_ manifest: BundleManifest) async throws {
        let bytes = try DocumentCoding.encode(manifest)
        let path = file(of: manifest.tier)
        try await lanes.run { [folder] in
            for changed in try folder.makeAll() { try changed.flush(calls: .system) }
            try SmallFile.write(bytes, to: path, mode: 0o640, replacing: true)
        }
    }

    private func file(of tier: TierName) -> String { folder.file("\(tier).json") }
}
