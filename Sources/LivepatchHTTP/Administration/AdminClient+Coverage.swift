public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/kernels/coverage`: how long which kernels get patches.
    public func coverage() async throws -> CoverageBody { try await value(request(.GET, Paths.kernelCoverage)) }

    /// `POST /v1/admin/kernels/coverage`: changes the server's own entries, or only plans that.
    public func changeCoverage(_ change: CoverageChange, dryRun: Bool = false) async throws -> CoverageChangeResultBody {
        try await value(request(.POST, Paths.kernelCoverage, body: CoverageChangeBody(change: change, dryRun: dryRun)))
    }
}
