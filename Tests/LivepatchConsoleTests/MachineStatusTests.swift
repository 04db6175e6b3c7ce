import FoundationEssentials
import LivepatchConsole
import LivepatchKit
import Testing

@Suite struct `A machine's status` {
    static let now = Date(timeIntervalSince1970: 1_717_243_200)

    private func kernel(boot: String = "boot-1") throws -> RunningKernel {
        RunningKernel(
            release: "5.15.0-107-generic",
            kernel: MachineKernel(
                version: try KernelVersion(parsing: "5.15.0-107.117"), flavour: try Flavour(parsing: "generic"),
                architecture: .amd64),
            bootID: boot, cpuModel: "Some CPU")
    }

    private func applied() throws -> AppliedPatch {
        AppliedPatch(
            file: PatchFile(
                name: try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"), length: 9,
                digest: SHA256Digest(of: [1]), released: Self.now, cves: ["CVE-2024-1086"]),
            module: "livepatch_a", bootID: "boot-1", time: Self.now, uptimeSeconds: 60, hadFaults: false, isSettled: true)
    }

    private func status(
        _ memory: AgentMemory, kernel: RunningKernel?, live: LoadedPatch? = nil, isServiceRunning: Bool? = true
    ) throws -> MachineStatus {
        MachineStatus(
            attachment: MachineAttachment(
                server: "https://patches.example.com", machine: try MachineID(parsing: "883c4f15"),
                deployment: try DeploymentID(parsing: "site"), tier: try TierName(parsing: "edge"), enabled: Self.now,
                trustedRoots: []),
            memory: memory, kernel: kernel, uptime: .seconds(3600), live: live, obstacles: [], isServiceRunning: isServiceRunning,
            clientVersion: "0.1.0", time: Self.now)
    }

    private func memory(_ state: PatchState, applied: AppliedPatch? = nil, _ change: (inout AgentMemory) -> Void = { _ in })
        -> AgentMemory
    {
        var memory = AgentMemory()
        memory.state = state
        memory.applied = applied
        memory.answered = Self.now.addingTimeInterval(-52)
        change(&memory)
        return memory
    }

    @Test func `in the words that operators know`() throws {
        let live = LoadedPatch(name: "livepatch_a", isEnabled: true, isInTransition: false)
        let text = HumanText(now: Self.now)
        #expect(
            try status(memory(.applied, applied: applied()), kernel: kernel(), live: live).lines(text) == [
                "last check: 52 s ago", "kernel: 5.15.0-107.117-generic", "server check-in: succeeded",
                "kernel state: ✓ kernel series 5.15 is covered by Livepatch",
                "patch state: ✓ all applicable livepatch kernel modules applied", "patch version: 107.1", "tier: edge",
                "machine id: 883c4f15",
            ])
    }

    @Test func `a line for each state`() throws {
        func patch(_ memory: AgentMemory) throws -> String { try status(memory, kernel: kernel()).patchState }
        #expect(try patch(memory(.nothingToApply)) == "✓ no livepatches available for kernel 5.15.0-107.117-generic")
        #expect(try patch(memory(.applyFailed)) == "✗ the livepatch kernel module could not be applied")
        #expect(try patch(memory(.applyFailed) { $0.code = "patch-crashed" }).contains("caused a crash"))
        #expect(try patch(memory(.applyFailed) { $0.code = "patch-signature-invalid" }).contains("verify the signature"))
        #expect(try patch(memory(.appliedWithBug)) == "✗ module inserted but kernel bug detected")
        #expect(try patch(memory(.kernelUpgradeRequired)).contains("please upgrade"))
        let states = try PatchState.allCases.map { try patch(memory($0)) }
        #expect(states.allSatisfy { ["✓", "✗", "⧗"].contains(String($0.prefix(1))) })
        func coverage(_ reason: CheckInAnswer.Reason?) throws -> String {
            try status(memory(.nothingToApply) { $0.reason = reason }, kernel: kernel()).kernelState
        }
        #expect(try coverage(.kernelUnknown) == "✗ kernel is not covered by Livepatch")
        #expect(try coverage(.kernelEndOfLife) == "✗ kernel is no longer covered by Livepatch")
        #expect(try coverage(.kernelUpgradeRequired).contains("please upgrade the kernel and reboot"))
        #expect(try status(memory(.unknown), kernel: nil).kernelState == "✗ unable to determine kernel support status")
    }

    @Test func `what is remembered of another boot is not so any more`() throws {
        let live = LoadedPatch(name: "livepatch_a", isEnabled: true, isInTransition: false)
        let old = try status(memory(.applied, applied: applied()), kernel: kernel(boot: "boot-2"))
        #expect(old.state == .needsCheck && old.applied == nil)
        #expect(try status(memory(.applied, applied: applied()), kernel: kernel()).state == .needsCheck)
        let moving = LoadedPatch(name: "livepatch_a", isEnabled: true, isInTransition: true)
        let status = try status(memory(.unapplied, applied: applied()), kernel: kernel(), live: moving)
        #expect(status.patchState == "⧗ patching the kernel")
        #expect(try self.status(memory(.unapplied, applied: applied()), kernel: kernel(), live: live).state == .applied)
    }

    @Test func `says what is wrong`() throws {
        var memory = memory(.checkFailed)
        memory.checkInFailure = "The server cannot be reached."
        memory.message = "Nothing\ncame."
        memory.warnings = [.init(.clockOff, "The clock is off.")]
        let lines = try status(memory, kernel: kernel(), isServiceRunning: false).lines(HumanText(now: Self.now))
        #expect(lines.contains("server check-in: failed: The server cannot be reached."))
        #expect(lines.contains("message: Nothing came."))
        #expect(lines.contains("warning: The clock is off."))
        #expect(lines.last?.contains("not running") == true)
    }

    @Test func `for programs that read the reference product's`() throws {
        let live = LoadedPatch(name: "livepatch_a", isEnabled: true, isInTransition: false)
        let status = try status(memory(.applied, applied: applied()), kernel: kernel(), live: live)
        let json = try DocumentCoding.encode(MachineStatusDocument(status, as: .json))
        let text = String(decoding: json, as: UTF8.self)
        let entry =
            #""Status":[{"Kernel":"5.15.0-107.117-generic","Livepatch":{"CheckState":"checked","Fixes":[{"Bug":"","Description":"","#
            + #""Name":"cve-2024-1086","Patched":true}],"State":"applied","Version":"107.1"},"Running":true,"Supported":"supported"}]"#
        #expect(text.contains(entry), "\(text)")
        for member in ["Client-Version", "Machine-Id", "Architecture", "CPU-Model", "Last-Check", "Boot-Time"] {
            #expect(text.contains("\"\(member)\""))
        }
        let yaml = String(decoding: try DocumentCoding.encode(MachineStatusDocument(status, as: .yaml)), as: UTF8.self)
        for member in ["client-version", "machine-id", "cpu-model", "last-check", "patchState", "checkState", "boot-time"] {
            #expect(yaml.contains("\"\(member)\""))
        }
    }
}
