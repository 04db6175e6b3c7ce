import AsyncHTTPClient
import LivepatchAPI
public import LivepatchKit
import NIOCore
import NIOHTTP1

extension HTTPUpstream: FleetReportReceiver {
    /// The largest answer to a report that is taken, in bytes.
    private static let receiptLimit: Int64 = 1 << 20

    public func receive(_ report: FleetReport) async throws -> FleetReceipt? {
        try await hand(over: try DocumentCoding.encode(report), "application/json", at: Paths.fleetReport, "the fleet report")
    }

    public func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed? {
        try await hand(over: try page.encoded(), "application/x-ndjson", at: Paths.machineReports, "machines' reports")
    }

    /// - Returns: `nil` if the upstream knows no such path, as those of older releases do.
    private func hand<Receipt: Decodable>(
        over bytes: [UInt8], _ type: String, at path: String, _ subject: String
    ) async throws -> Receipt? {
        var request = request(server.url(path))
        request.method = .POST
        request.headers.add(name: "content-type", value: type)
        request.body = .bytes(ByteBuffer(bytes: bytes))
        let refusal = UpstreamRefusal(asked: server.description, for: subject)
        let answer = try await send(request, to: server.origin, refusal)
        if answer.status == .notFound || answer.status == .methodNotAllowed {
            await answer.body.finish()
            return nil
        }
        guard answer.status == .ok else { throw await refusal.error(answer) }
        do {
            guard let receipt = try await answer.body.collect(limit: Self.receiptLimit) else {
                throw refusal.malformed("the answer is longer than \(Self.receiptLimit) bytes")
            }
            return try DocumentCoding.decode(Receipt.self, from: receipt)
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        } catch let error as LivepatchError {
            throw error
        } catch {
            throw refusal.malformed("the answer cannot be read (\(DocumentCoding.reason(error)))")
        }
    }
}
