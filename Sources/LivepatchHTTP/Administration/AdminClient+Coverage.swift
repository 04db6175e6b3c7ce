import AsyncHTTPClient
public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/kernels/coverage`: how long which kernels get patches.
    public func coverage() async throws -> CoverageBody { try await value(request(.GET, Paths.kernelCoverage)) }

    /// `POST /v1/admin/kernels/coverage`: changes the server's own entries, or only plans that.
    /// - Parameter mark: of a dry run: exactly that plan is carried out, or none.
    public func changeCoverage(
        _ change: CoverageChange, dryRun: Bool = false, ifMatch mark: String? = nil
    ) async throws -> CoverageChangeResultBody {
        var request = try request(.POST, Paths.kernelCoverage, body: CoverageChangeBody(change: change, dryRun: dryRun))
        if let mark { request.headers.add(name: "if-match", value: "\"\(mark)\"") }
        return try await changed(request)
    }
}
