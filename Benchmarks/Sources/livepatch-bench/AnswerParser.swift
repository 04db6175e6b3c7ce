/// Takes answers of HTTP/1.1 apart: as much of RFC 9112 as a server of this project sends.
struct AnswerParser {
    enum Event {
        /// An answer has come whole.
        case answer(Answer)
        /// A piece of the body of an event stream, which has no end.
        case piece(ArraySlice<UInt8>)
        /// The server has closed the connection.
        case closed
    }

    struct Answer {
        var status: Int
        /// `Retry-After`, in seconds.
        var retryAfter: Int?
        var body: [UInt8]
    }

    private enum Stage {
        case head
        case body(Int)
        case chunkLine
        /// What is left of a chunk, with its end of line.
        case chunk(Int)
        case trailer
    }

    private var stage = Stage.head
    private var line: [UInt8] = []
    private var lines = 0
    private var answer = Answer(status: 0, body: [])
    private var length = 0
    private var isChunked = false
    private var isStream = false

    mutating func take(_ bytes: ArraySlice<UInt8>, _ tell: (Event) -> Void) {
        var rest = bytes
        while !rest.isEmpty {
            switch stage {
            case .head:
                guard let line = nextLine(&rest) else { return }
                if !line.isEmpty {
                    field(line)
                } else if answer.status >= 200 {
                    stage = isChunked ? .chunkLine : .body(length)
                    if !isChunked, length == 0 { end(tell) }
                } else {
                    lines = 0
                }
            case .body(let left):
                let piece = rest.prefix(left)
                rest = rest.dropFirst(piece.count)
                answer.body += piece
                stage = .body(left - piece.count)
                if left == piece.count { end(tell) }
            case .chunkLine:
                guard let line = nextLine(&rest) else { return }
                let size = Int(String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self), radix: 16) ?? 0
                stage = size == 0 ? .trailer : .chunk(size + 2)
            case .chunk(let left):
                let piece = rest.prefix(left)
                rest = rest.dropFirst(piece.count)
                let content = piece.prefix(max(0, left - 2))
                if isStream { tell(.piece(content)) } else { answer.body += content }
                stage = left == piece.count ? .chunkLine : .chunk(left - piece.count)
            case .trailer:
                guard let line = nextLine(&rest) else { return }
                if line.isEmpty { end(tell) }
            }
        }
    }

    private mutating func end(_ tell: (Event) -> Void) {
        let whole = answer
        self = AnswerParser()
        tell(.answer(whole))
    }

    /// A line without its end; `nil` until that has come.
    private mutating func nextLine(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            line += rest
            rest = []
            return nil
        }
        line += rest[..<end]
        rest = rest[(end + 1)...]
        defer { line = [] }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    private mutating func field(_ line: [UInt8]) {
        lines += 1
        if lines == 1 {
            answer.status = Int(String(decoding: line.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0
        } else if let value = Self.value(line, "content-length:") {
            length = Int(value) ?? 0
        } else if let value = Self.value(line, "transfer-encoding:") {
            isChunked = value == "chunked"
        } else if let value = Self.value(line, "content-type:") {
            isStream = value == "text/event-stream"
        } else if let value = Self.value(line, "retry-after:") {
            answer.retryAfter = Int(value)
        }
    }

    /// The value of a field of that name, which has no capitals.
    private static func value(_ line: [UInt8], _ name: StaticString) -> String? {
        guard line.count >= name.utf8CodeUnitCount else { return nil }
        for index in 0..<name.utf8CodeUnitCount where line[index] | 0x20 != name.utf8Start[index] | 0x20 { return nil }
        return String(decoding: line.dropFirst(name.utf8CodeUnitCount).drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
    }
}
