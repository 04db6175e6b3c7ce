import Hummingbird
import LivepatchKit
import NIOCore

/// An answer of JSON lines (`application/x-ndjson`), each of which is sent when it is there.
enum LineStream {
    static let mediaType = "application/x-ndjson"

    /// - Parameters:
    ///   - first: the first line.
    ///   - feed: the lines that follow; told when nobody listens any more.
    static func answer<Line>(first: Line? = nil, _ feed: LineFeed<Line>? = nil) -> Response {
        Response(
            status: .ok, headers: [.contentType: mediaType, .cacheControl: "no-store"],
            body: ResponseBody { writer in
                defer { feed?.listenerLeft() }
                if let first { try await writer.write(bytes(of: first)) }
                if let feed {
                    for await line in feed.lines { try await writer.write(bytes(of: line)) }
                }
                try await writer.finish(nil)
            })
    }

    private static func bytes(of line: some Encodable) throws -> ByteBuffer {
        ByteBuffer(bytes: try DocumentCoding.encode(line) + [UInt8(ascii: "\n")])
    }
}
