/// Takes an event stream apart (`text/event-stream`, HTML Living Standard, section 9.2.6). Of the fields only `event` and `data` mean
/// anything here.
struct EventStreamParser: Sendable {
    struct Event: Hashable, Sendable {
        /// `message` where the stream says nothing.
        var name: String
        var data: String
    }

    /// An event is longer than allowed.
    struct TooLong: Error {}

    private let limit: Int
    private var line: [UInt8] = []
    private var lastWasReturn = false
    private var name = ""
    private var data: [String] = []
    private var length = 0

    /// - Parameter limit: the longest event, in bytes.
    init(limit: Int) { self.limit = limit }

    /// The events that end in the bytes that have arrived.
    /// - Throws: ``TooLong``.
    mutating func events(in piece: some Collection<UInt8>) throws(TooLong) -> [Event] {
        var events: [Event] = []
        for byte in piece {
            defer { lastWasReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where lastWasReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endOfLine() { events.append(event) }
            default:
                length += 1
                guard length <= limit else { throw TooLong() }
                line.append(byte)
            }
        }
        return events
    }

    private mutating func endOfLine() -> Event? {
        defer { line = [] }
        guard !line.isEmpty else {
            defer { (name, data, length) = ("", [], 0) }
            return data.isEmpty ? nil : Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data.append(String(decoding: value, as: UTF8.self))
        case "": length -= line.count
        default: break
        }
        return nil
    }
}
