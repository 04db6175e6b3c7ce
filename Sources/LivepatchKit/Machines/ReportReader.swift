import Caching
import FoundationEssentials
import Synchronization

/// Reads machines' reports, and remembers what it has read: the reports of one machine, and of machines of one kind, mostly differ in a
/// few times alone, and to read all the rest of the JSON again takes most of what a check-in takes.
///
/// What is remembered are the bytes of a whole report but for those times. So what it reads is what `DocumentCoding` reads.
public final class ReportReader: Sendable {
    private let known: Mutex<LeastRecentlyUsed<ReportOutline.Rest, MachineReport>>

    /// - Parameter capacity: how many kinds of reports are remembered, of some kilobytes each at most.
    public init(capacity: Int = 1024) { known = Mutex(LeastRecentlyUsed(capacity: capacity)) }

    /// How many kinds of reports are remembered.
    package var count: Int { known.withLock { $0.count } }

    /// - Throws: what `DocumentCoding` does.
    public func read(_ bytes: [UInt8]) throws -> MachineReport {
        guard let outline = ReportOutline(bytes) else { return try DocumentCoding.decode(MachineReport.self, from: bytes) }
        if var report = known.withLock({ $0.value(for: outline.rest) }) {
            outline.times.set(in: &report)
            return report
        }
        let report = try DocumentCoding.decode(MachineReport.self, from: bytes)
        // What looks like a time may be something else: then nothing can be told from the bytes.
        guard ReportOutline.Times(of: report) == outline.times else { return report }
        known.withLock { _ = $0.insert(report, for: outline.rest) }
        return report
    }
}

/// A report's times, and its other bytes, found without reading it.
struct ReportOutline {
    /// What differs from one report of a machine to the next.
    struct Times: Hashable {
        var bootTime: Date?
        var lastCheck: Date?
        var time: Date?
        var uptimeSeconds: Int64?

        init() {}

        init(of report: MachineReport) {
            (bootTime, lastCheck, time, uptimeSeconds) = (report.bootTime, report.lastCheck, report.time, report.uptimeSeconds)
        }

        func set(in report: inout MachineReport) {
            (report.bootTime, report.lastCheck, report.time, report.uptimeSeconds) = (bootTime, lastCheck, time, uptimeSeconds)
        }
    }

    /// Everything but the values of the times.
    struct Rest: Hashable {
        var bytes: [UInt8] = []

        // An array hashes its elements one after the other.
        func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    private enum Member: CaseIterable {
        case bootTime, lastCheck, time, uptimeSeconds

        var name: StaticString {
            switch self {
            case .bootTime: "bootTime"
            case .lastCheck: "lastCheck"
            case .time: "time"
            case .uptimeSeconds: "uptimeSeconds"
            }
        }
    }

    /// A longer report is read as a whole, in bytes.
    private static let longest = 4096
    /// More digits than a number of seconds has.
    private static let digits = 15

    private(set) var times = Times()
    private(set) var rest = Rest()

    /// - Returns: `nil` for what tells no time, and whatever is unusual in how it does.
    init?(_ bytes: [UInt8]) {
        // In an encoding of more than one byte to a letter the same bytes may mean something else.
        guard bytes.count <= Self.longest, bytes.first == UInt8(ascii: "{"), !bytes.contains(0) else { return nil }
        var seen: Set<Member> = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            // What is written otherwise than it is meant is not looked for.
            case UInt8(ascii: "\\"): return nil
            case UInt8(ascii: "\""):
                // No text holds a quotation mark without a backslash: so this one begins a name or a text.
                guard let end = bytes[(index + 1)...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
                let text = bytes[(index + 1)..<end]
                index = end + 1
                guard let member = Member.allCases.first(where: { Self.isName(text, $0.name) }) else { continue }
                guard seen.insert(member).inserted, index < bytes.count, bytes[index] == UInt8(ascii: ":"),
                    let value = value(of: member, bytes, at: index + 1)
                else { return nil }
                rest.bytes += bytes[copied..<value.lowerBound]
                copied = value.upperBound
                // A text's last quotation mark begins nothing.
                index = value.upperBound + (member == .uptimeSeconds ? 0 : 1)
            default: index += 1
            }
        }
        guard !seen.isEmpty else { return nil }
        rest.bytes += bytes[copied...]
    }

    /// Takes in a member's value.
    /// - Returns: where it is; a text without its quotation marks. `nil` for anything else.
    private mutating func value(of member: Member, _ bytes: [UInt8], at start: Int) -> Range<Int>? {
        if member == .uptimeSeconds {
            let digits = bytes[start...].prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, digits.count <= Self.digits, digits.first != 0x30 || digits.count == 1,
                digits.endIndex < bytes.count, [UInt8(ascii: ","), UInt8(ascii: "}")].contains(bytes[digits.endIndex])
            else { return nil }
            times.uptimeSeconds = digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
            return digits.startIndex..<digits.endIndex
        }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\""),
            let end = bytes[(start + 1)...].prefix(64).firstIndex(of: UInt8(ascii: "\"")),
            let date = Timestamp.date(String(decoding: bytes[(start + 1)..<end], as: UTF8.self))
        else { return nil }
        switch member {
        case .bootTime: times.bootTime = date
        case .lastCheck: times.lastCheck = date
        case .time: times.time = date
        case .uptimeSeconds: return nil
        }
        return start + 1..<end
    }

    private static func isName(_ text: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        text.count == name.utf8CodeUnitCount
            && text.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
}
