public import FoundationEssentials
import LivepatchKit

/// Numbers and times as a person reads them quickly. Documents carry the exact values.
public struct HumanText: Sendable {
    /// What relative times are relative to.
    public let now: Date

    public init(now: Date) { self.now = now }

    /// `512 B`, `1.5 KiB`, `45 GiB`: binary units (IEC 80000-13), one decimal below ten.
    public func size(_ bytes: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        guard bytes.magnitude >= 1024 else { return "\(bytes) B" }
        var tenths = Double(bytes) / 1024
        var unit = 0
        // 1023.95 would be rounded to 1024.0.
        while tenths.magnitude >= 1023.5, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        return "\(decimal(tenths)) \(units[unit])"
    }

    private func decimal(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths.magnitude >= 100 ? "\(Int64(value.rounded()))" : "\(tenths / 10).\(tenths.magnitude % 10)"
    }

    /// `3 min ago`, `in 2 days`, `now`; beyond 60 days the day itself: `2024-06-01`.
    public func time(_ date: Date) -> String {
        let seconds = date.timeIntervalSince(now)
        let size = seconds.magnitude
        guard size < 60 * 86_400 else { return String(Timestamp.text(date).prefix(10)) }
        guard size >= 0.5 else { return "now" }
        let text = rough(size)
        return seconds < 0 ? "\(text) ago" : "in \(text)"
    }

    /// A time that may be missing, `missing` if it is.
    public func time(_ date: Date?, missing: String) -> String { date.map(time) ?? missing }

    private func rough(_ seconds: Double) -> String {
        switch seconds {
        case ..<59.5: "\(Int(seconds.rounded())) s"
        case ..<(59.5 * 60): "\(Int((seconds / 60).rounded())) min"
        case ..<(47.5 * 3600): "\(Int((seconds / 3600).rounded())) h"
        default: "\(Int((seconds / 86_400).rounded())) days"
        }
    }

    /// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
    public func duration(seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded())
        switch seconds {
        case ..<9.95: return "\(decimal(max(0, seconds))) s"
        case ..<59.5: return "\(whole) s"
        case ..<3599.5: return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s"
        default:
            let minutes = whole / 60
            return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
        }
    }

    /// `1 file`, `2 files`.
    public func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
    }
}
