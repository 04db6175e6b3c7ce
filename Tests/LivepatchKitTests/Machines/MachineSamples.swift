import FoundationEssentials
import LivepatchKit
import LivepatchTesting

/// What tests of machines begin with.
enum MachineSamples {
    static let now = Date(timeIntervalSince1970: 1_717_243_200)
    static let key = [UInt8](repeating: 7, count: 32)

    static func id(_ text: String) throws -> MachineID { try MachineID(parsing: text) }

    static func hashed(_ text: String) throws -> HashedMachineID { HashedMachineID(try id(text), key: key) }

    static func kernel(
        _ version: KernelVersion = "5.15.0-107.117", flavour: Flavour = "generic", architecture: Architecture = "amd64"
    ) -> MachineKernel {
        MachineKernel(version: version, flavour: flavour, architecture: architecture)
    }

    static func identity(_ machine: String = "m1", tier: TierName = "edge", isNewest: Bool = true) throws -> MachineIdentity {
        MachineIdentity(machine: try hashed(machine), authToken: "web", tier: tier, issued: now, isNewest: isNewest)
    }

    static func report(
        _ state: PatchState = .nothingToApply, applied: PatchVersion? = nil, kernel: MachineKernel = kernel(),
        uptime: Int64? = nil, _ change: (inout MachineReport) -> Void = { _ in }
    ) -> MachineReport {
        var report = MachineReport(kernel: kernel, patchState: state, patchVersion: applied)
        report.uptimeSeconds = uptime
        change(&report)
        return report
    }

    static func update(
        _ machine: String, _ seconds: Double = 0, isChange: Bool = false, state: PatchState = .nothingToApply
    ) throws -> MachineUpdate {
        MachineUpdate(
            machine: try hashed(machine), time: now.addingTimeInterval(seconds), report: report(state), isChange: isChange)
    }

    static func file(_ name: PatchFileName, released: Date = now, cves: [String] = ["CVE-2024-1086"]) -> PatchFile {
        let bytes = Array("\(name)".utf8)
        return PatchFile(
            name: name, length: Int64(bytes.count), digest: SHA256Digest(of: bytes), released: released, cves: cves)
    }

    static func entry(_ action: String = "test") -> ChangeEntry { ChangeEntry(time: now, actor: "alice", action: action) }
}
