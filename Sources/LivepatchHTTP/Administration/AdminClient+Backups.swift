public import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

extension AdminClient {
    /// `POST /v1/admin/backups`: takes a backup of the server, and hands over its bytes as they come and as they are taken.
    ///
    /// - Parameter take: gets the next bytes of a tar archive. Only when the call has returned has all of it arrived.
    public func backup(_ body: BackupBody, take: ([UInt8]) async throws -> Void) async throws {
        let request = try request(.POST, Paths.backups, body: body)
        let refusal = AdminRefusal(request)
        let answer = try await answer(request, patience: .fromStart(Self.workPatience))
        do {
            while let piece = try await answer.body.next(idle: Self.workPatience) {
                try await take(Array(piece.readableBytesView))
            }
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }
}
