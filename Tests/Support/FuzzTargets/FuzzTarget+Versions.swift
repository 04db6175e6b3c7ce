import Foundation
import LivepatchConfiguration
import LivepatchKit

extension FuzzTarget {
    /// A value that is read out of text is written as text that is read as the same value, and any two of them are in one order. The
    /// input is two texts, each in a line.
    static let versions = FuzzTarget("versions") { bytes in
        guard let (first, second) = bytes.halves else { return }
        try checkOrder(KernelVersion.self, first, second)
        try checkOrder(PatchVersion.self, first, second)
        try checkOrder(KernelSeries.self, first, second)
        for text in [first, second] {
            _ = try read(Flavour.self, text)
            _ = try read(Architecture.self, text)
            _ = try read(Codename.self, text)
            _ = try read(TierName.self, text)
            _ = try read(MachineID.self, text)
            _ = try read(DeploymentID.self, text)
            _ = try read(SHA256Digest.self, text)
            try checkQuantities(text)
        }
        if let version = try? KernelVersion(parsing: first), let series = try? KernelSeries(parsing: second) {
            try require(KernelSeries(of: version).admits(version), "\(version) is older than its own series.")
            _ = series.admits(version)
        }
    }

    private static func checkOrder<Value: TextCodable & Comparable>(
        _ type: Value.Type, _ first: String, _ second: String
    ) throws {
        guard let one = try read(type, first), let other = try read(type, second) else { return }
        try require(
            [one < other, one == other, other < one].count { $0 } == 1, "\(one) and \(other) are in no order, or in two.")
    }

    private static func read<Value: TextCodable>(_ type: Value.Type, _ text: String) throws -> Value? {
        guard let value = try? Value(parsing: text) else { return nil }
        let again = try? Value(parsing: "\(value)")
        try require(again.map { "\($0)" } == "\(value)", "The \(type) '\(text)' is written as '\(value)', which is another.")
        return value
    }

    private static func checkQuantities(_ text: String) throws {
        if let duration = try? DurationText.parse(text) {
            try require(
                try DurationText.parse(DurationText.text(duration)) == duration, "'\(text)' is another duration when written.")
        }
        if let size = try? ByteSize.parse(text) {
            try require(try ByteSize.parse(ByteSize.text(size)) == size, "'\(text)' is another size when written.")
        }
        if let date = Timestamp.date(text) {
            try require(Timestamp.date(Timestamp.text(date)) == date, "'\(text)' is another time when written.")
        }
        if let address = try? ListenAddress(parsing: text) {
            try require(try ListenAddress(parsing: "\(address)") == address, "'\(text)' is another address when written.")
        }
        if let address = IPAddress(text) {
            try require(IPAddress("\(address)") == address, "'\(text)' is another address when written.")
        }
        if let block = AddressBlock(text), let address = IPAddress(text.prefix { $0 != "/" }) {
            try require(block.contains(address), "'\(text)' does not contain its own address.")
        }
    }
}
