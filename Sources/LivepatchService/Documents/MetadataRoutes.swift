import Hummingbird
import LivepatchAPI
import LivepatchKit

/// The signed repositories of a view, as every client of The Update Framework asks for them.
struct MetadataRoutes: Sendable {
    let publisher: any DocumentPublisher

    func add(to routes: Routes) {
        routes.on(.get, Paths.originMetadataTemplate, for: .viewers) { request, context in
            let deployment = try? RequestReading.pathValue(DeploymentID.self, "deployment", context)
            return try await file(of: deployment.map { .origin($0) }, request, context)
        }
        routes.on(.get, Paths.viewMetadataTemplate, for: .viewers) { request, context in
            let tier = try? RequestReading.pathValue(TierName.self, "tier", context)
            return try await file(of: tier.map { .view($0) }, request, context)
        }
    }

    /// - Parameter repository: `nil` if what stands in its place cannot be a repository's name.
    private func file(
        of repository: MetadataRepository?, _ request: Request, _ context: ServiceRequestContext
    ) async throws -> Response {
        let tier = try context.viewedTier()
        guard let repository, let name = try? RequestReading.pathText("file", context),
            let file = MetadataFile(requested: name, of: repository),
            let bytes = try await publisher.metadata(file, for: tier)
        else { throw DocumentAnswers.missing }
        return DocumentAnswers.answer(PublishedDocument(bytes: bytes), to: request)
    }
}
