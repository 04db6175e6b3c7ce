import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore

/// Patch files on their way in: `PUT /v1/admin/patch-files/{filename}?cve=…&cve=…&released=…`, the tarball being the body.
struct ImportRoutes: Sendable {
    let imports: PatchImport
    /// In bytes.
    let limit: Int64
    let security: SecurityLog

    func add(to routes: Routes) { routes.on(.put, Paths.patchImportTemplate, for: .administrators(.operate), receive) }

    @Sendable private func receive(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let session = try context.administrator()
        let filename = try RequestReading.pathText("filename", context)
        if let text = request.headers[.contentLength], let length = Int64(text), length > limit {
            throw LivepatchError(
                .patchTooLarge, "\(filename) has \(length) bytes, and this server takes at most \(limit).",
                suggestion: "Raise server.max-upload-size if the file is right.")
        }
        let metadata = try Self.metadata(request)
        // A chunk of the body is asked for when the one before is stored: memory does not depend on the file's size.
        let chunks = request.body.map { Array(buffer: $0) }
        let receipt = try await imports.receive(filename, metadata: metadata, chunks: chunks, by: session.user)
        if receipt.added { security.record(.administration("patch import \(filename)", by: session.user), request) }
        return try Answers.json(
            PatchImportBody(
                file: receipt.file, added: receipt.added, module: receipt.inspected.moduleName,
                license: receipt.inspected.license, vermagic: receipt.inspected.vermagic),
            status: receipt.added ? .created : .ok)
    }

    private static func metadata(_ request: Request) throws -> PatchMetadata {
        let parameters = request.uri.queryParameters
        let cves = parameters[values: "cve"].map(String.init)
        var released: Date?
        if let text = parameters["released"] {
            guard let date = Timestamp.date(String(text)) else {
                throw LivepatchError(
                    .malformedRequest, "The query parameter 'released' is not an RFC 3339 time.",
                    suggestion: "Write it like 2024-06-01T12:00:00Z.")
            }
            released = date
        }
        return PatchMetadata(cves: cves.isEmpty ? nil : cves, released: released)
    }
}
