import Hummingbird
import LivepatchAPI
import LivepatchKit
import Logging
import NIOCore

/// Backups, for administrators.
struct BackupRoutes: Sendable {
    let backups: BackupTaking
    /// Writes the archive around a backup's members.
    let archive: KeepingParts.Archive
    let security: SecurityLog

    func add(to routes: Routes) {
        routes.on(.post, Paths.backups, for: .administrators(.admin), take)
    }

    /// Whatever can be refused is refused before the first byte; what fails afterwards breaks the answer off, so that nobody takes
    /// what has arrived for whole.
    @Sendable private func take(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let user = try context.administrator().user
        let demand = try await RequestReading.body(BackupBody.self, of: request).demand()
        let options = (demand.key == nil ? "" : " --with-keys") + (demand.includesPatches ? " --with-patches" : "")
        security.record(.administration("backup\(options)", by: user), request)
        let backup = HeldBackup(try await backups.begin(demand))
        return Response(
            status: .ok, headers: [.contentType: "application/x-tar", .cacheControl: "no-store"],
            body: ResponseBody { [archive, logger = context.logger] writer in
                let pipe = BodyPipe(writer)
                do {
                    try await backup.write(to: archive { try await pipe.write($0) })
                } catch {
                    logger.error("A backup broke off.", metadata: ["cause": "\(error)"])
                    throw error
                }
                try await pipe.finish()
            })
    }
}
