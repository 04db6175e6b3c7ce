import LivepatchAPI
public import LivepatchKit

/// What a server answers, step by step, whether that is HTTP as it should be or not.
///
/// Begin with a truthful answer and spoil it: `.ok(bytes).truncated(after: 100)`.
public struct ScriptedAnswer: Sendable {
    /// One step of an answer's body.
    public enum Step: Sendable {
        case bytes([UInt8])
        /// The same piece again and again: a body of any length in constant memory.
        case repeating([UInt8], times: Int)
        /// Goes on when the gate opens.
        case wait(Gate)
        /// Says nothing more until the client goes away or the server is stopped.
        case stall
        /// Ends the connection in order.
        case close
        /// Ends the connection with a reset.
        case reset
    }

    public var status: Int
    /// As they are sent. `Content-Length` is added if neither it nor `Transfer-Encoding` is there.
    public var headers: [(name: String, value: String)]
    public var steps: [Step]
    /// Sent instead of a status line and headers, if given.
    public var rawHead: [UInt8]?

    public init(status: Int, headers: [(name: String, value: String)] = [], steps: [Step] = []) {
        self.status = status
        self.headers = headers
        self.steps = steps
    }

    // MARK: Truthful answers

    /// A status with a body.
    public static func status(_ status: Int, _ body: [UInt8] = [], headers: [(name: String, value: String)] = []) -> Self {
        Self(status: status, headers: headers, steps: body.isEmpty ? [] : [.bytes(body)])
    }

    /// 200 with a body, and the body's digest as its entity tag.
    public static func ok(_ body: [UInt8]) -> Self {
        .status(200, body, headers: [("ETag", "\"\(SHA256Digest(of: body))\"")])
    }

    /// 200 with a value as JSON.
    public static func json(_ value: some Encodable) throws -> Self {
        .status(200, try DocumentCoding.encode(value), headers: [("Content-Type", "application/json")])
    }

    /// 200 with values as lines of JSON.
    public static func lines(_ values: [some Encodable]) throws -> Self {
        Self(
            status: 200, headers: [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")],
            steps: try values.map { .bytes(try DocumentCoding.encode($0) + [10]) })
    }

    /// An error as problem details, with that error's own status or another one.
    public static func problem(_ error: LivepatchError, status: Int? = nil) throws -> Self {
        let problem = Problem(error)
        return .status(
            status ?? problem.status, try DocumentCoding.encode(problem), headers: [("Content-Type", Problem.mediaType)])
    }

    public static func redirect(to location: String, status: Int = 302) -> Self {
        .status(status, headers: [("Location", location)])
    }

    /// Content as it should be served: entity tag, `If-None-Match`, `Range` and `If-Range` (RFC 9110, sections 13 and 14).
    public static func content(_ body: [UInt8], for request: ScriptedRequest) -> Self {
        let tag = "\"\(SHA256Digest(of: body))\""
        var headers = [("ETag", tag), ("Accept-Ranges", "bytes")]
        if request.header("If-None-Match") == tag { return .status(304, headers: headers) }
        guard let range = request.header("Range"), request.header("If-Range").map({ $0 == tag }) ?? true,
            let match = range.wholeMatch(of: /bytes=([0-9]+)-/), let first = Int(match.1)
        else { return .status(200, body, headers: headers) }
        guard first < body.count else { return .status(416, headers: [("Content-Range", "bytes */\(body.count)")]) }
        headers.append(("Content-Range", "bytes \(first)-\(body.count - 1)/\(body.count)"))
        return .status(206, Array(body[first...]), headers: headers)
    }

    /// 200 with the request's headers as the body, a line each.
    public static func echo(_ request: ScriptedRequest) -> Self {
        .ok(Array(request.headers.map { "\($0.name): \($0.value)\n" }.joined().utf8))
    }

    // MARK: Spoiling

    /// With that field instead of any of the same name; `nil` takes it away.
    public func header(_ name: String, _ value: String?) -> Self {
        var answer = self
        answer.headers.removeAll { $0.name.lowercased() == name.lowercased() }
        if let value { answer.headers.append((name, value)) }
        return answer
    }

    /// Announces that many bytes, whatever is sent. What is sent beyond them the client takes for garbage.
    public func claiming(length: Int64) -> Self { header("Content-Length", "\(length)") }

    /// Announces the whole body, sends that many bytes of it, and closes the connection.
    public func truncated(after count: Int) -> Self { cut(after: count, then: .close) }

    /// Announces the whole body, sends that many bytes of it, and then nothing.
    public func stalled(after count: Int) -> Self { cut(after: count, then: .stall) }

    /// Announces the whole body, sends that many bytes of it, and resets the connection.
    public func reset(after count: Int) -> Self { cut(after: count, then: .reset) }

    /// Sends that many bytes of the body, and the rest when the gate opens.
    public func paused(after count: Int, until gate: Gate) -> Self {
        let body = bytes
        var answer = header("Content-Length", "\(body.count)")
        answer.steps = [.bytes(Array(body.prefix(count))), .wait(gate), .bytes(Array(body.dropFirst(count)))]
        return answer
    }

    /// With that bit of the body turned over: right length, wrong content.
    public func corrupted(at index: Int) -> Self {
        var body = bytes
        body[index] ^= 1
        var answer = self
        answer.steps = [.bytes(body)]
        return answer
    }

    /// What is not HTTP.
    public static func garbage(_ bytes: [UInt8]) -> Self {
        var answer = Self(status: 200, steps: [.close])
        answer.rawHead = bytes
        return answer
    }

    /// Closes the connection without an answer.
    public static var silence: Self { garbage([]) }

    private func cut(after count: Int, then end: Step) -> Self {
        let body = bytes
        var answer =
            headers.contains { $0.name.lowercased() == "content-length" } ? self : header("Content-Length", "\(body.count)")
        answer.steps = [.bytes(Array(body.prefix(count))), end]
        return answer
    }

    /// The body's bytes, as far as they are known beforehand.
    var bytes: [UInt8] {
        steps.flatMap { step -> [UInt8] in
            switch step {
            case .bytes(let bytes): bytes
            case .repeating(let bytes, let times): Array(repeatElement(bytes, count: times).joined())
            default: []
            }
        }
    }

    /// The length that is announced where nothing else is said.
    var length: Int {
        steps.reduce(0) { sum, step in
            switch step {
            case .bytes(let bytes): sum + bytes.count
            case .repeating(let bytes, let times): sum + bytes.count * times
            default: sum
            }
        }
    }
}
