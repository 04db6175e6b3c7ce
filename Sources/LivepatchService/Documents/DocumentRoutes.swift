import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// The documents of the view that a downstream or a machine has.
struct DocumentRoutes: Sendable {
    let publisher: any DocumentPublisher
    /// How many seconds ago what is shown was the origin's; `nil` if nobody knows.
    let lag: @Sendable () async -> TimeInterval?

    func add(to routes: Routes) {
        routes.on(.get, Paths.syncHead, for: .viewers) { request, context in
            let tier = try context.viewedTier()
            let head = try await publisher.head(for: tier)
            let lag = DocumentAnswers.lag(await lag())
            var answer = DocumentAnswers.answer(head, to: request)
            if let field = HTTPField.Name(HeaderNames.lag), let lag { answer.headers[field] = lag }
            return answer
        }
        routes.on(.get, Paths.syncRevocations, for: .viewers) { try await document(.revocations, $0, $1) }
        routes.on(.get, Paths.syncTiers, for: .viewers) { try await document(.tiers, $0, $1) }
        routes.on(.get, Paths.syncCoverage, for: .viewers) { try await document(.coverage, $0, $1) }
        routes.on(.get, Paths.syncTierTemplate, for: .viewers) { request, context in
            guard let tier = try? RequestReading.pathValue(TierName.self, "tier", context) else { throw DocumentAnswers.missing }
            return try await document(.tier(tier), request, context)
        }
        routes.on(.get, Paths.syncVersionTemplate, for: .viewers) { request, context in
            guard let version = try? RequestReading.pathValue(PatchVersion.self, "version", context) else {
                throw DocumentAnswers.missing
            }
            return try await document(.version(version), request, context)
        }
    }

    private func document(
        _ name: DocumentName, _ request: Request, _ context: ServiceRequestContext
    ) async throws -> Response {
        guard let document = try await publisher.document(name, for: try context.viewedTier()) else {
            throw DocumentAnswers.missing
        }
        return DocumentAnswers.answer(document, to: request)
    }
}
