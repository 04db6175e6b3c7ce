import Testing

@testable import LivepatchHTTP

@Suite struct `Cutting bytes into lines` {
    private func lines(_ pieces: [String], limit: Int = 100) throws -> [String] {
        var splitter = LineSplitter(limit: limit)
        var lines: [String] = []
        for piece in pieces {
            splitter.append(Array(piece.utf8))
            while let line = try splitter.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        return lines
    }

    @Test(arguments: [
        (["a\nb\n"], ["a", "b"]), (["a", "b\n", "c", "\nd\n"], ["ab", "c", "d"]), (["a\r\n\r\n\nb\n"], ["a", "b"]),
        (["", "\n", "x"], []), (["ä".utf8.map { String(decoding: [$0], as: UTF8.self) }.joined(), "\n"], ["\u{FFFD}\u{FFFD}"]),
    ]) func `does not depend on where the pieces end`(_ pieces: [String], _ expected: [String]) throws {
        #expect(try lines(pieces) == expected)
    }

    @Test func `gives the same lines for every cut`() throws {
        let text = "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":\"\"}\n"
        for cut in 0...text.count {
            #expect(
                try lines([String(text.prefix(cut)), String(text.dropFirst(cut))]) == ["{\"a\":1}", "{\"b\":2}", "{\"c\":\"\"}"])
        }
    }

    @Test func `refuses a line beyond the limit, ended or not`() throws {
        #expect(try lines([String(repeating: "x", count: 10) + "\n"], limit: 10).count == 1)
        #expect(throws: LineSplitter.TooLong.self) { try lines([String(repeating: "x", count: 11) + "\n"], limit: 10) }
        #expect(throws: LineSplitter.TooLong.self) { try lines(["xxxxxx", "xxxxxx"], limit: 10) }
    }
}
