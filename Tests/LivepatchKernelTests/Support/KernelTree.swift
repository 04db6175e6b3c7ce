import FoundationEssentials
import LivepatchKit
import Synchronization
import Testing

@testable import LivepatchKernel

/// A directory that looks like a machine's /proc, /sys and /etc.
final class KernelTree: Sendable {
    let root: String
    /// What the simulated system calls were given, and answer.
    let calls = Calls()

    final class Calls: Sendable {
        private struct State {
            var loadAnswer: Int32?
            var unloadAnswer: Int32?
            var loaded: [[UInt8]] = []
            var wasSealed: [Bool] = []
            var unloaded: [String] = []
        }

        private let state = Mutex(State())

        func answer(load: Int32? = nil, unload: Int32? = nil) {
            state.withLock { ($0.loadAnswer, $0.unloadAnswer) = (load, unload) }
        }

        var loaded: [[UInt8]] { state.withLock { $0.loaded } }
        var wasSealed: [Bool] { state.withLock { $0.wasSealed } }
        var unloaded: [String] { state.withLock { $0.unloaded } }

        func load(_ descriptor: Int32) -> Int32? {
            let path = "/proc/self/fd/\(descriptor)"
            let bytes = FileManager.default.contents(atPath: path).map(Array.init) ?? []
            // Nobody can open what is sealed and change it.
            let writable = (try? FileHandleStandIn.write([0], to: path)) != nil
            return state.withLock { state in
                state.loaded.append(bytes)
                state.wasSealed.append(!writable)
                return state.loadAnswer
            }
        }

        func unload(_ name: String) -> Int32? {
            state.withLock { state in
                state.unloaded.append(name)
                return state.unloadAnswer
            }
        }
    }

    /// A Debian cloud kernel that has been running for an hour, without live patches.
    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "livepatch-kernel-\(UUID())").path
        try write(
            "Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-10)\n",
            to: "proc/version")
        try write("6.1.0-56-cloud-amd64\n", to: "proc/sys/kernel/osrelease")
        try write("x86_64\n", to: "proc/sys/kernel/arch")
        try write("0d8e4f3a-1111-4222-8333-444455556666\n", to: "proc/sys/kernel/random/boot_id")
        try write("0\n", to: "proc/sys/kernel/tainted")
        try write("0\n", to: "proc/sys/kernel/modules_disabled")
        try write("3600.25 7000.00\n", to: "proc/uptime")
        try write("console=ttyS0 quiet\n", to: "proc/cmdline")
        try write("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) CPU @ 2.30GHz\n", to: "proc/cpuinfo")
        try write("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\n", to: "etc/os-release")
        try write("b08dfa6083e7567a1921a715000001fb\n", to: "etc/machine-id")
        try makeDirectory("sys/kernel/livepatch")
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    var kernel: LinuxKernel { kernel(mayLoad: true) }

    func kernel(mayLoad: Bool) -> LinuxKernel {
        LinuxKernel(
            places: LinuxKernel.Places(proc: "\(root)/proc", sys: "\(root)/sys", etc: "\(root)/etc", log: "\(root)/kmsg"),
            name: SystemName(release: "6.1.0-56-cloud-amd64", version: "", machine: "x86_64"),
            calls: ModuleCalls(
                load: { [calls] in calls.load($0) }, unload: { [calls] in calls.unload($0) }, mayLoad: { mayLoad }))
    }

    func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: "\(root)/\(path)", withIntermediateDirectories: true)
    }

    func write(_ text: String, to path: String) throws {
        try makeDirectory(path.split(separator: "/").dropLast().joined(separator: "/"))
        try FileHandleStandIn.write(Array(text.utf8), to: "\(root)/\(path)")
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: "\(root)/\(path)") }

    func text(_ path: String) throws -> String {
        String(decoding: try #require(FileManager.default.contents(atPath: "\(root)/\(path)")), as: UTF8.self)
    }

    /// A live patch as the kernel shows one.
    func addPatch(_ name: String, enabled: Int = 1, transition: Int = 0, function: String = "cmdline_proc_show,1") throws {
        try write("\(enabled)\n", to: "sys/kernel/livepatch/\(name)/enabled")
        try write("\(transition)\n", to: "sys/kernel/livepatch/\(name)/transition")
        try makeDirectory("sys/kernel/livepatch/\(name)/vmlinux/\(function)")
        try write("1\n", to: "sys/kernel/livepatch/\(name)/vmlinux/patched")
        try write("live\n", to: "sys/module/\(name)/initstate")
    }
}

/// Writing in place, as a shell's redirection does.
enum FileHandleStandIn {
    static func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }
}
