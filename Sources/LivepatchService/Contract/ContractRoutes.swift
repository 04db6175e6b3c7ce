import Hummingbird
import LivepatchAPI
import LivepatchKit

/// The description of this API, for everybody.
struct ContractRoutes: Sendable {
    /// The same for every server of this release, and made when somebody asks first.
    private static let document = Result { PublishedDocument(bytes: try ContractDocument.bytes()) }

    func add(to routes: Routes) {
        routes.on(.get, Paths.contract, for: .everybody) { request, _ in
            DocumentAnswers.answer(try Self.document.get(), to: request)
        }
    }
}
