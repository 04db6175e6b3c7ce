import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import Logging

/// Patch files, for downstreams, machines and administrators (RFC 9110, sections 13 and 14).
struct DownloadRoutes: Sendable {
    let delivery: PatchDelivery
    /// Where everybody is sent for files, `{filename}` standing for the name; `nil` to answer with the file.
    let redirect: String?
    /// `nil` for a server that keeps no contents in memory.
    var cache: PatchCache?
    /// Told of what it may answer the next time.
    var hot: HotDownloads?

    func add(to routes: Routes) {
        routes.on(.get, Paths.patchFileTemplate, for: .downloaders) { request, context in
            try await answer(RequestReading.pathText("filename", context), Paths.patchFileTemplate, request, context)
        }
        routes.on(.get, Paths.targetTemplate, for: .downloaders) { request, context in
            let text = try RequestReading.pathText("target", context)
            // A file by its digest and name, joined by a dot, as clients of The Update Framework ask for the targets of consistent
            // snapshots (specification, section 6.2). What has another digest is not there.
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let digest = try? SHA256Digest(parsing: parts[0]) else { throw Self.missing(text) }
            return try await answer(parts[1], holding: digest, Paths.targetTemplate, request, context)
        }
    }

    /// - Parameter digest: that of the file, if it has to have a certain one.
    private func answer(
        _ text: String, holding digest: SHA256Digest? = nil, _ template: String, _ request: Request,
        _ context: ServiceRequestContext
    ) async throws -> Response {
        // A name that is none gets the answer of one that does not exist.
        guard let name = try? PatchFileName(parsing: text) else { throw Self.missing(text) }
        let viewer = try Self.viewer(context)
        let (file, revision) = try await delivery.fileAndRevision(name, for: viewer)
        guard digest == nil || digest == file.digest else { throw Self.missing(text) }
        if let redirect {
            let location = redirect.replacing("{filename}", with: Paths.segment(file.name.description))
            return Response(status: .found, headers: [.location: location, .cacheControl: "no-store"])
        }
        if viewer != .administrator { hot?.learn(file, at: request.uri.path, template, as: revision) }
        return try await answer(file, to: request, context)
    }

    private func answer(_ file: PatchFile, to request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let answer = DownloadAnswer(DownloadAnswer.Conditions(request), of: file)
        if answer == .unchanged { return Response(status: answer.status, headers: answer.fields(of: file)) }
        let content = try await content(of: file, for: request, context)
        guard let bytes = answer.bytes(of: file) else {
            var response = Answers.problem(
                LivepatchError(.rangeNotSatisfiable, "The range begins beyond the end: \(file.name) has \(file.length) bytes."))
            response.headers[.contentRange] = "bytes */\(file.length)"
            return response
        }
        let body: ResponseBody
        if request.method == .head {
            body = ResponseBody()
        } else if let content {
            body = content.body(of: bytes)
        } else {
            let awaited = AwaitedContent(file, for: try Self.viewer(context), delivery: delivery)
            body = try await answer == .whole ? awaited.body(context) : awaited.body(of: bytes, context)
        }
        return Response(status: answer.status, headers: answer.fields(of: file), body: body)
    }

    /// - Returns: `nil` if it has to be fetched first.
    private func content(
        of file: PatchFile, for request: Request, _ context: ServiceRequestContext
    ) async throws -> (any DownloadContent)? {
        // Whoever wants to know only whether it is there is told what the storage says.
        if let cache, request.method != .head {
            do {
                let delivery = delivery
                let content = try await cache.content(of: file) {
                    try await delivery.content(of: file) { try await BlockingWork.run($0) }
                }
                if let content { return content }
            } catch let error as LivepatchError where error.code == .storageDamaged {
                // It is sent as it would be if nobody had looked: whoever fetches it looks, too, and tells its own people.
                context.logger.error(
                    "\(error.message)", metadata: error.suggestion.map { ["suggestion": "\($0)"] } ?? [:])
            }
        }
        return try await delivery.held(file).map(OpenedContent.init)
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

/// Content that an answer is made of.
protocol DownloadContent: Sendable {
    func body(of range: Range<Int64>) -> ResponseBody
}

extension DownloadAnswer.Conditions {
    init(_ request: Request) {
        self.init(
            isHead: request.method == .head, range: request.headers[.range], ifRange: request.headers[.ifRange],
            ifNoneMatch: request.headers[.ifNoneMatch])
    }
}
