import Foundation
import LivepatchKit

/// How much more memory this process has at its highest from now on than it has now.
struct PeakMemory {
    private let before: Double

    init() throws {
        // Forgets what was the highest so far (proc_pid_clear_refs(5)).
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        before = try Self.field("VmRSS:")
    }

    /// In bytes.
    func growth() throws -> Double { max(0, try Self.field("VmHWM:") - before) }

    /// A field of a process' `/proc/…/status`, in bytes.
    static func field(_ name: String, of process: String = "self") throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw LivepatchError(.internalFault, "/proc/\(process)/status has no \(name)") }
        return kibibytes * 1024
    }
}
