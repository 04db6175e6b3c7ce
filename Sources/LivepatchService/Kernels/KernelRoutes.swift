import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Whether a kernel gets patches, for everybody who asks.
struct KernelRoutes: Sendable {
    let kernels: KernelSupportAuthority
    let now: @Sendable () -> Date

    func add(to routes: Routes) {
        routes.on(.get, Paths.kernelsSupported, for: .everybody) { request, _ in
            try Answers.json(KernelSupportBody(supported: try await support(KernelQuery(request))))
        }
    }

    private func support(_ query: KernelQuery) async throws -> KernelSupportStatus {
        switch query {
        case .question(let kernel): try await kernels.support(of: kernel, at: now())
        case .strangeFlavour: .unsupported
        }
    }
}
