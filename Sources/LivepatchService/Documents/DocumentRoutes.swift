import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore

/// The documents of a downstream's view.
struct DocumentRoutes: Sendable {
    let publisher: any DocumentPublisher

    func add(to routes: Routes) {
        routes.on(.get, Paths.syncHead, for: .downstreams) { request, context in
            Self.answer(try await publisher.head(for: try context.downstream().tier), to: request)
        }
        routes.on(.get, Paths.syncRevocations, for: .downstreams) { try await document(.revocations, $0, $1) }
        routes.on(.get, Paths.syncTiers, for: .downstreams) { try await document(.tiers, $0, $1) }
        routes.on(.get, Paths.syncTierTemplate, for: .downstreams) { request, context in
            guard let tier = try? RequestReading.pathValue(TierName.self, "tier", context) else { throw Self.missing }
            return try await document(.tier(tier), request, context)
        }
        routes.on(.get, Paths.syncVersionTemplate, for: .downstreams) { request, context in
            guard let version = try? RequestReading.pathValue(PatchVersion.self, "version", context) else { throw Self.missing }
            return try await document(.version(version), request, context)
        }
    }

    /// The same for a document that does not exist and one that the token's tier does not show.
    private static let missing = LivepatchError(.notFound, "There is no such document.")

    private func document(
        _ name: DocumentName, _ request: Request, _ context: ServiceRequestContext
    ) async throws -> Response {
        guard let document = try await publisher.document(name, for: try context.downstream().tier) else { throw Self.missing }
        return Self.answer(document, to: request)
    }

    private static func answer(_ document: PublishedDocument, to request: Request) -> Response {
        let tag = EntityTag(document.tag)
        var headers: HTTPFields = [.eTag: tag.field, .cacheControl: "private, no-cache"]
        if tag.isNamed(inIfNoneMatch: request.headers[.ifNoneMatch]) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "application/json"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }
}
