import AsyncHTTPClient
import FoundationEssentials
import LivepatchAPI
public import LivepatchKit
import NIOCore
import NIOHTTP1
import Synchronization

extension HTTPUpstream {
    /// How many redirects are followed to a file's content.
    static let redirectLimit = 3

    public func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        guard offset >= 0, offset <= file.length else {
            throw LivepatchError(
                .lengthMismatch, "\(file.name) has \(file.length) bytes: it cannot be fetched from byte \(offset) on.")
        }
        // There is no range that asks for nothing (RFC 9110, section 14.1.1).
        if offset > 0, offset == file.length { return ContentStream(offset: offset, chunks: AsyncThrowingStream { nil }) }
        var url = server.url(Paths.patchFile(file.name))
        var origin = server.origin
        for _ in 0...Self.redirectLimit {
            let refusal = UpstreamRefusal(
                asked: origin == server.origin ? server.description : origin.description, for: file.name.description,
                isUpstream: origin == server.origin)
            let answer = try await send(contentRequest(file, url, origin, offset), to: origin, refusal)
            guard [301, 302, 303, 307, 308].contains(answer.status.code) else {
                return try await content(answer, of: file, from: offset, refusal)
            }
            (url, origin) = try target(of: answer, from: url, origin, refusal)
        }
        throw UpstreamRefusal(asked: server.description, for: file.name.description)
            .malformed("it redirects more than \(Self.redirectLimit) times")
    }

    /// The upstream is asked with the token and for exactly this content; another server, that a redirect leads to, gets neither:
    /// it cannot know our tags, and what it sends is checked by its digest like everything.
    private func contentRequest(_ file: PatchFile, _ url: String, _ origin: Origin, _ offset: Int64) -> HTTPClientRequest {
        var request = origin == server.origin ? request(url) : HTTPClientRequest(url: url)
        request.headers.add(name: "accept-encoding", value: "identity")
        if offset > 0 {
            request.headers.add(name: "range", value: "bytes=\(offset)-")
            if origin == server.origin {
                request.headers.add(name: "if-range", value: EntityTag.strong(file.digest.description))
            }
        }
        return request
    }

    private func target(of answer: Answer, from url: String, _ origin: Origin, _ refusal: UpstreamRefusal) throws -> (
        String, Origin
    ) {
        guard let location = answer.field("location"), let base = URL(string: url),
            let target = URL(string: location, relativeTo: base)?.absoluteURL.absoluteString.prefix(while: { $0 != "#" }),
            let next = Origin(url: String(target))
        else { throw refusal.malformed("it redirects to something that is not an http or https URL") }
        guard next.isSecure || !origin.isSecure else {
            throw refusal.malformed("it redirects from https to http (\(next)), which would give up the protection of TLS")
        }
        return (String(target), next)
    }

    private func content(_ answer: Answer, of file: PatchFile, from offset: Int64, _ refusal: UpstreamRefusal) async throws
        -> ContentStream
    {
        switch answer.status.code {
        case 200:
            try checkTag(answer, file, refusal)
            try checkLength(answer, file.length, refusal)
            return stream(answer, from: 0, of: file, refusal)
        case 206:
            try checkTag(answer, file, refusal)
            guard offset > 0, let range = answer.field("content-range").flatMap(ContentRange.init) else {
                throw refusal.malformed("it answers with a part of the file that was not asked for")
            }
            guard range.first == offset, range.last == file.length - 1, (range.complete ?? file.length) == file.length else {
                throw refusal.malformed(
                    "it answers with the bytes \(range.first)-\(range.last) of \(range.complete.map(String.init) ?? "*"), not \(offset)-\(file.length - 1) of \(file.length)"
                )
            }
            try checkLength(answer, file.length - offset, refusal)
            return stream(answer, from: offset, of: file, refusal)
        case 416:
            throw refusal.malformed("it has no bytes from \(offset) on, although the file has \(file.length)")
        default:
            throw await refusal.error(answer)
        }
    }

    /// An upstream's tag is the digest, so that other content is noticed before it is fetched. Other servers' tags say nothing.
    private func checkTag(_ answer: Answer, _ file: PatchFile, _ refusal: UpstreamRefusal) throws {
        guard refusal.isUpstream, let tag = EntityTag.opaque(answer.field("etag")), let digest = try? SHA256Digest(parsing: tag),
            digest != file.digest
        else { return }
        throw refusal.malformed("it has other content under that name (\(digest)) than its documents list (\(file.digest))")
    }

    private func checkLength(_ answer: Answer, _ expected: Int64, _ refusal: UpstreamRefusal) throws {
        guard let length = answer.contentLength, length != expected else { return }
        throw refusal.malformed("it announces \(length) bytes where \(expected) are due")
    }

    /// Exactly the bytes that are due, or an error.
    private func stream(_ answer: Answer, from offset: Int64, of file: PatchFile, _ refusal: UpstreamRefusal) -> ContentStream {
        let body = answer.body
        let position = Mutex(offset)
        return ContentStream(
            offset: offset,
            chunks: AsyncThrowingStream {
                do {
                    guard let piece = try await body.next() else {
                        let arrived = position.withLock { $0 }
                        guard arrived == file.length else {
                            throw TransportFailure(.unreachable, "the answer ended")
                        }
                        return nil
                    }
                    let arrived = position.withLock { position in
                        position += Int64(piece.readableBytes)
                        return position
                    }
                    guard arrived <= file.length else {
                        throw refusal.malformed("it sends more than the file's \(file.length) bytes")
                    }
                    return Array(piece.readableBytesView)
                } catch let failure as TransportFailure {
                    throw refusal.error(failure, arrived: position.withLock { $0 }, of: file.length)
                }
            })
    }
}
