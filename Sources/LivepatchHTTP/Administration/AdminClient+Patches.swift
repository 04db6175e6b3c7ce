public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/patches`: the patch versions, all or those that a tier holds.
    public func patches(tier: TierName? = nil) async throws -> PatchListBody {
        let query = tier.map { [(name: "tier", value: $0.description)] } ?? []
        return PatchListBody(
            patches: try await pages(Paths.patches, PatchListBody.self, \.next, query: query).flatMap(\.patches))
    }

    /// `GET /v1/admin/patches/{version}`
    public func patch(_ version: PatchVersion) async throws -> PatchDetailBody {
        try await value(request(.GET, Paths.patchVersion(version)))
    }

    /// `PUT /v1/admin/patch-files/{filename}`: uploads a file and has it imported.
    ///
    /// The file is read as the server takes it, so that memory stays the same for any size.
    /// - Parameters:
    ///   - path: where the file is.
    ///   - filename: the name that it is imported under.
    ///   - metadata: what is to be said about it besides.
    ///   - progress: told how many bytes have been handed over, and how many there are; from any task, but one call at a time.
    /// - Throws: ``LivepatchError`` with the codes of imports, and `not-found` or `storage-unavailable` for a file that cannot be
    ///   read here.
    public func importPatch(
        at path: String, as filename: String, metadata: PatchMetadata = PatchMetadata(),
        progress: @escaping @Sendable (_ sent: Int64, _ total: Int64) -> Void = { _, _ in }
    ) async throws -> PatchImportBody {
        var query = (metadata.cves ?? []).map { (name: "cve", value: $0) }
        if let released = metadata.released { query.append(("released", Timestamp.text(released))) }
        let request = request(.PUT, Paths.patchImport(filename), query: query)
        return try await value(PatchImportBody.self, in: upload(path, with: request, progress: progress), to: request)
    }
}
