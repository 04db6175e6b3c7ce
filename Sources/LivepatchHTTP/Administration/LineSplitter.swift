/// Cuts arriving bytes into lines that end in a line feed; empty lines are skipped.
package struct LineSplitter: Sendable {
    /// A line is longer than allowed.
    package struct TooLong: Error {}

    private var bytes: [UInt8] = []
    /// Where the next line begins, and up to where no line feed was found.
    private var start = 0
    private var searched = 0
    private let limit: Int

    /// - Parameter limit: the longest line, in bytes.
    package init(limit: Int) { self.limit = limit }

    package mutating func append(_ piece: some Collection<UInt8>) {
        if start > 0 {
            bytes.removeFirst(start)
            searched -= start
            start = 0
        }
        bytes.append(contentsOf: piece)
    }

    /// The next whole line; `nil` if there is none yet.
    /// - Throws: ``TooLong``.
    package mutating func next() throws(TooLong) -> [UInt8]? {
        while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            var line = bytes[start..<end]
            start = end + 1
            searched = start
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if line.count > limit { throw TooLong() }
            if !line.isEmpty { return Array(line) }
        }
        searched = bytes.count
        // A carriage return may be the beginning of the line's end.
        let waiting = bytes.count - start
        if waiting > (bytes.last == UInt8(ascii: "\r") ? limit + 1 : limit) { throw TooLong() }
        return nil
    }
}
