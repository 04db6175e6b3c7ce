import Foundation
import HTTPTypes
import LivepatchHTTP
import LivepatchKit
import LivepatchService

extension FuzzTarget {
    /// What a `Range` field asks for lies within the content. The input is the content's length, and in the next line the field.
    static let range = FuzzTarget("range") { bytes in
        guard let (first, field) = bytes.halves, let length = Int64(first), length >= 0 else { return }
        switch RangeRequest(field, length: length) {
        case .whole, .unsatisfiable: break
        case .part(let range):
            try require(!range.isEmpty, "'\(field)' asks for nothing of \(length) bytes.")
            try require(range.lowerBound >= 0 && range.upperBound <= length, "'\(field)' asks for \(range) of \(length) bytes.")
        }
        if let range = ContentRange(field) {
            try require(range.first >= 0 && range.first <= range.last, "'\(field)' brings bytes \(range.first) to \(range.last).")
            try require(range.complete.map { range.last < $0 } ?? true, "'\(field)' brings more bytes than there are.")
        }
    }

    /// Fields of requests and answers say what they say, within bounds. The input is one field, and in the next line another.
    static let headers = FuzzTarget("headers") { bytes in
        guard let (first, second) = bytes.halves else { return }
        try checkTags(first, second)
        if let pause = RetryAfter.duration(first, now: Date(timeIntervalSince1970: 784_111_777)) {
            try require(pause >= .zero && pause <= RetryAfter.longest, "'\(first)' is a pause of \(pause).")
        }
        if let token = BearerToken(authorization: first) {
            try require(first.hasSuffix(token.secret), "'\(first)' carries another token: \(token.secret)")
        }
        _ = BasicCredentials(authorization: first)
        if let text = PercentEncoding.decoded(first) {
            try require(text.utf8.count <= first.utf8.count, "'\(first)' is longer when decoded.")
        }
        try checkAddresses(first, second)
        if let address = try? ServerAddress(parsing: first) {
            try require(try ServerAddress(parsing: "\(address)") == address, "'\(first)' is another server when written.")
            try require(!"\(address)".contains("@"), "'\(address)' holds a user.")
        }
    }

    private static func checkTags(_ first: String, _ second: String) throws {
        typealias Served = LivepatchService.EntityTag
        typealias Received = LivepatchHTTP.EntityTag
        guard let tag = Received.opaque(first) else { return }
        try require(Received.opaque(Received.strong(tag)) == tag, "The tag '\(tag)' is another one when written.")
        let served = Served(tag)
        try require(served.admitsRange(ifRange: served.field), "The tag '\(tag)' is not its own.")
        guard !tag.contains(",") else { return }
        if !tag.contains(" "), !tag.contains("\t") {
            try require(served.isNamed(inIfNoneMatch: first), "'\(first)' does not name the tag that it is.")
        }
        _ = served.isNamed(inIfNoneMatch: second)
    }

    /// The one who asks is the peer, or somebody whom a trusted proxy names.
    private static func checkAddresses(_ first: String, _ second: String) throws {
        guard let peer = IPAddress("192.0.2.1"), let proxies = AddressBlock("192.0.2.0/24") else { return }
        for field in ClientAddresses.Field.allCases {
            guard let name = HTTPField.Name(field.rawValue) else { continue }
            var headers = HTTPFields()
            headers.append(HTTPField(name: name, value: first))
            headers.append(HTTPField(name: name, value: second))
            let stranger = ClientAddresses(field: field).address(peer: peer, headers)
            try require(stranger == peer, "A field of somebody who is not trusted is believed: \(stranger)")
            _ = ClientAddresses(proxies: [proxies], field: field).address(peer: peer, headers)
        }
    }

    /// A stream of lines is cut into the same lines, in whatever pieces it comes, and no line is too long. The first byte says how long
    /// a line may be, and the second how long the pieces are.
    static let lines = FuzzTarget("lines") { bytes in
        guard bytes.count >= 2 else { return }
        let limit = Int(bytes[0]) + 1
        let pieces = stride(from: 2, to: bytes.count, by: Int(bytes[1]) + 1).map { start in
            bytes[start..<min(bytes.count, start + Int(bytes[1]) + 1)]
        }
        let whole = split([bytes[2...]], limit)
        let parts = split(pieces, limit)
        try require(whole.lines.allSatisfy { !$0.isEmpty && $0.count <= limit }, "A line is empty, or too long.")
        try require(whole.isWhole == parts.isWhole, "Whether a line is too long depends on the pieces.")
        if whole.isWhole { try require(whole.lines == parts.lines, "The lines depend on the pieces.") }
    }

    private static func split(_ pieces: [ArraySlice<UInt8>], _ limit: Int) -> (lines: [[UInt8]], isWhole: Bool) {
        var splitter = LineSplitter(limit: limit)
        var lines: [[UInt8]] = []
        do {
            for piece in pieces {
                splitter.append(piece)
                while let line = try splitter.next() { lines.append(line) }
            }
            return (lines, true)
        } catch {
            return (lines, false)
        }
    }
}
