import Foundation

/// An HTTP/1.1 answer as it came, and nothing that a client library makes of it.
public struct RawAnswer: Sendable {
    public let status: Int
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A connection to 127.0.0.1 that is used as slowly as a test wants.
public final class RawConnection: Sendable {
    private let descriptor: Int32

    /// - Parameters:
    ///   - patience: how long one call may wait, in seconds.
    ///   - buffer: how much the system takes in for it beforehand, in bytes; `nil` for what the system finds right.
    public init(port: Int, patience: Int = 20, buffer: Int32? = nil) throws {
        #if os(Linux)
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        var time = timeval()
        time.tv_sec = .init(patience)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        if var buffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<Int32>.size)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            close(descriptor)
            throw POSIXError(code)
        }
    }

    deinit { close(descriptor) }

    public func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        #if os(Linux)
            let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            let count = Darwin.send(descriptor, bytes, bytes.count, 0)
        #endif
        guard count == bytes.count else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    /// Some of what comes next; nothing at the end.
    public func receive(_ most: Int = 64 << 10) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &buffer, most, 0)
        guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return Array(buffer[..<count])
    }

    /// All that comes until the other side closes.
    public func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while case let piece = try receive(), !piece.isEmpty { all += piece }
        return all
    }
}

/// Asks 127.0.0.1 once, with exactly these headers besides `Host` and `Connection: close`.
@concurrent public func ask(
    _ port: Int, _ method: String = "GET", _ target: String, _ headers: [String: String] = [:], body: String = ""
) async throws -> RawAnswer {
    let connection = try RawConnection(port: port)
    var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
    lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
    try connection.send((lines + ["", ""]).joined(separator: "\r\n") + body)
    let bytes = try connection.receiveAll()
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else {
        throw DeadlinePassed("No answer to \(method) \(target).")
    }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let fields = head.dropFirst().compactMap { line -> (name: String, value: String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
    }
    let rest = Array(bytes[end.upperBound...])
    let isChunked = fields.contains { $0.name == "transfer-encoding" && $0.value.lowercased() == "chunked" }
    guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw DeadlinePassed("The answer to \(method) \(target) begins with '\(head.first ?? "")'.")
    }
    return RawAnswer(status: status, headers: fields, body: isChunked ? try joined(chunks: rest) : rest)
}

/// A chunked body as a whole (RFC 9112, section 7.1).
private func joined(chunks: [UInt8]) throws -> [UInt8] {
    var rest = chunks[...]
    var body: [UInt8] = []
    while let end = rest.firstRange(of: Array("\r\n".utf8)) {
        let size = String(decoding: rest[..<end.lowerBound].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        guard let count = Int(size, radix: 16), rest[end.upperBound...].count >= count + 2 else { break }
        if count == 0 { return body }
        body += rest[end.upperBound...].prefix(count)
        rest = rest[end.upperBound...].dropFirst(count + 2)
    }
    throw DeadlinePassed("A chunked body breaks off.")
}
