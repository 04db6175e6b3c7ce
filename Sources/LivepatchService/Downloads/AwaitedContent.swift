import Hummingbird
import LivepatchKit
import NIOCore

/// Content that is fetched from the upstream because somebody asks for it.
///
/// The answer begins with the first bytes that may be given away, so that whoever asks for something that cannot be had is told so. All of
/// a file is streamed as it comes; a part of one waits until the whole file is here, since only a whole file can be verified.
struct AwaitedContent: Sendable {
    private let file: PatchFile
    private let viewer: PatchDelivery.Viewer
    private let delivery: PatchDelivery

    init(_ file: PatchFile, for viewer: PatchDelivery.Viewer, delivery: PatchDelivery) {
        self.file = file
        self.viewer = viewer
        self.delivery = delivery
    }

    /// All of it, as it comes.
    func body(_ context: ServiceRequestContext) async throws -> ResponseBody {
        let arrival = try await delivery.arrival(of: file)
        try await aside(context) { try await arrival.begin() }
        try await permit()
        return ResponseBody(contentLength: Int(file.length)) { writer in
            var pieces = arrival.pieces(permit: permit)
            while let piece = try await pieces.next() { try await writer.write(ByteBuffer(bytes: piece)) }
            try await writer.finish(nil)
        }
    }

    /// A part of it, once all of it is here.
    func body(of range: Range<Int64>, _ context: ServiceRequestContext) async throws -> ResponseBody {
        let arrival = try await delivery.arrival(of: file)
        try await aside(context) { try await arrival.end() }
        try await permit()
        return OpenedContent(try await delivery.open(file)).body(of: range)
    }

    /// What has been blocked meanwhile, or moved out of the viewer's tier, is not given away any more.
    @Sendable private func permit() async throws {
        guard try await delivery.file(file.name, for: viewer).digest == file.digest else {
            throw LivepatchError(.notFound, "There is no patch file '\(file.name)'.")
        }
    }

    private func aside(_ context: ServiceRequestContext, _ wait: () async throws -> Void) async throws {
        guard context.turn != nil else { return try await wait() }
        guard try await context.aside(wait) == nil else { return }
        throw LivepatchError(
            .serverOverloaded, "\(file.name) has to be fetched first, and too many requests wait already.",
            suggestion: "It is tried again by itself, or ask again in a moment.", retryAfter: .seconds(5))
    }
}
