import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Patch files, for downstreams, machines and administrators (RFC 9110, sections 13 and 14).
struct DownloadRoutes: Sendable {
    let delivery: PatchDelivery
    /// Where everybody is sent for files, `{filename}` standing for the name; `nil` to answer with the file.
    let redirect: String?

    func add(to routes: Routes) {
        routes.on(.get, Paths.patchFileTemplate, for: .downloaders) { request, context in
            let file = try await file(named: RequestReading.pathText("filename", context), for: Self.viewer(context))
            return try await answer(file, to: request, context)
        }
        routes.on(.get, Paths.targetTemplate, for: .downloaders) { request, context in
            let file = try await target(RequestReading.pathText("target", context), for: Self.viewer(context))
            return try await answer(file, to: request, context)
        }
    }

    private func answer(_ file: PatchFile, to request: Request, _ context: ServiceRequestContext) async throws -> Response {
        if let redirect {
            let location = redirect.replacing("{filename}", with: Paths.segment(file.name.description))
            return Response(status: .found, headers: [.location: location, .cacheControl: "no-store"])
        }
        let tag = EntityTag(file.digest.description)
        var headers: HTTPFields = [
            .eTag: tag.field, .acceptRanges: "bytes", .cacheControl: "private, no-cache",
            .contentDisposition: "attachment; filename=\"\(file.name)\"",
        ]
        if tag.isNamed(inIfNoneMatch: request.headers[.ifNoneMatch]) { return Response(status: .notModified, headers: headers) }
        let held = try await delivery.held(file).map(OpenedContent.init)
        let range =
            request.method == .get && tag.admitsRange(ifRange: request.headers[.ifRange])
            ? RangeRequest(request.headers[.range], length: file.length) : .whole
        let bytes: Range<Int64>
        switch range {
        case .whole: bytes = 0..<file.length
        case .part(let part):
            bytes = part
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.length)"
        case .unsatisfiable:
            var response = Answers.problem(
                LivepatchError(.rangeNotSatisfiable, "The range begins beyond the end: \(file.name) has \(file.length) bytes."))
            response.headers[.contentRange] = "bytes */\(file.length)"
            return response
        }
        headers[.contentType] = "application/x-bzip2"
        headers[.contentLength] = "\(bytes.count)"
        let body: ResponseBody
        if request.method == .head {
            body = ResponseBody()
        } else if let held {
            body = held.body(of: bytes)
        } else {
            let awaited = AwaitedContent(file, for: try Self.viewer(context), delivery: delivery)
            body = try await range == .whole ? awaited.body(context) : awaited.body(of: bytes, context)
        }
        return Response(status: range == .whole ? .ok : .partialContent, headers: headers, body: body)
    }

    /// A name that is none gets the answer of one that does not exist.
    private func file(named text: String, for viewer: PatchDelivery.Viewer) async throws -> PatchFile {
        guard let name = try? PatchFileName(parsing: text) else { throw Self.missing(text) }
        return try await delivery.file(name, for: viewer)
    }

    /// A file by its digest and name, joined by a dot, as clients of The Update Framework ask for the targets of consistent snapshots
    /// (specification, section 6.2). What has another digest is not there.
    private func target(_ text: String, for viewer: PatchDelivery.Viewer) async throws -> PatchFile {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let digest = try? SHA256Digest(parsing: parts[0]) else { throw Self.missing(text) }
        let file = try await file(named: parts[1], for: viewer)
        guard file.digest == digest else { throw Self.missing(parts[1]) }
        return file
    }

    private static func missing(_ name: String) -> LivepatchError {
        LivepatchError(.notFound, "There is no patch file '\(name)'.")
    }

    private static func viewer(_ context: ServiceRequestContext) throws -> PatchDelivery.Viewer {
        switch context.caller {
        case .administrator: .administrator
        case .downstream, .machine, nil: .tier(try context.viewedTier())
        }
    }
}
