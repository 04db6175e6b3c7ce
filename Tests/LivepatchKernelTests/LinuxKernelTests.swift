import FoundationEssentials
import LivepatchKit
import Testing

@testable import LivepatchKernel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct `A machine's own kernel` {
    private func error(_ body: () async throws -> Void) async -> LivepatchError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? LivepatchError
        }
    }

    // MARK: What runs

    @Test func `is read from proc, sys and etc`() async throws {
        let tree = try KernelTree()
        let running = try await tree.kernel.running()
        #expect(running.kernel.description == "6.1.0-56.192.2-cloud-amd64 amd64")
        #expect(running.release == "6.1.0-56-cloud-amd64")
        #expect(running.bootID == "0d8e4f3a-1111-4222-8333-444455556666")
        #expect(running.cpuModel == "Intel(R) Xeon(R) CPU @ 2.30GHz")
        #expect(running.codename == "bookworm")
        #expect(running.buildDate == Timestamp.date("2026-11-10T00:00:00Z"))
        #expect(running.commandLine == "console=ttyS0 quiet")
        #expect(try await tree.kernel.uptime() == .seconds(3600.25))
    }

    @Test func `Ubuntu's signature goes before the version of a package`() async throws {
        let tree = try KernelTree()
        try tree.write("Ubuntu 6.1.0-56.77-cloud-amd64 6.1.99\n", to: "proc/version_signature")
        #expect(try await tree.kernel.running().kernel.version.description == "6.1.0-56.77")
    }

    @Test func `a directory can stand for a machine, and is never changed`() async throws {
        let tree = try KernelTree()
        let kernel = try LinuxKernel(lookingInto: tree.root)
        #expect(try await kernel.running().release == "6.1.0-56-cloud-amd64")
        #expect(await kernel.obstacles().map(\.code) == [.permissionMissing])
    }

    @Test func `without proc it says what is missing`() async throws {
        let tree = try KernelTree()
        try tree.remove("proc/sys/kernel/random/boot_id")
        let refused = await error { _ = try await tree.kernel.running() }
        #expect(refused?.message.contains("boot_id") == true)
        try tree.remove("proc/uptime")
        let timeless = await error { _ = try await tree.kernel.uptime() }
        #expect(timeless?.message.contains("uptime") == true)
    }

    // MARK: Whether it can be patched

    @Test func `what stands in the way is told`() async throws {
        let tree = try KernelTree()
        #expect(await tree.kernel.obstacles().isEmpty)
        #expect(await tree.kernel(mayLoad: false).obstacles().map(\.code) == [.permissionMissing])
        try tree.write("1\n", to: "proc/sys/kernel/modules_disabled")
        #expect(await tree.kernel.obstacles().map(\.code) == [.livepatchUnavailable])
        try tree.remove("sys/kernel/livepatch")
        #expect(await tree.kernel.obstacles().map(\.code) == [.livepatchUnavailable, .livepatchUnavailable])
    }

    @Test func `an oops is told from other taints`() async throws {
        let tree = try KernelTree()
        // Out of tree, unsigned, live-patched: what a live patch leaves.
        try tree.write("\(1 << 12 | 1 << 13 | 1 << 15)\n", to: "proc/sys/kernel/tainted")
        #expect(try await tree.kernel.hasFaults() == false)
        try tree.write("\(1 << 12 | 1 << 7)\n", to: "proc/sys/kernel/tainted")
        #expect(try await tree.kernel.hasFaults())
    }

    // MARK: What is in it

    @Test func `live patches are listed with what they replace`() async throws {
        let tree = try KernelTree()
        #expect(try await tree.kernel.livePatches().isEmpty)
        try tree.addPatch("livepatch_b", enabled: 0, transition: 1)
        try tree.addPatch("livepatch_a")
        #expect(
            try await tree.kernel.livePatches() == [
                LoadedPatch(
                    name: "livepatch_a", isEnabled: true, isInTransition: false, functions: ["vmlinux/cmdline_proc_show"]),
                LoadedPatch(
                    name: "livepatch_b", isEnabled: false, isInTransition: true, functions: ["vmlinux/cmdline_proc_show"]),
            ])
        #expect(try await tree.kernel.hasModule("livepatch_a"))
        // Built in: a directory without a state.
        try tree.makeDirectory("sys/module/printk/parameters")
        #expect(try await tree.kernel.hasModule("printk") == false)
    }

    @Test(arguments: [ENODEV, ENOENT]) func `what leaves while it is read is not there`(_ number: Int32) throws {
        let tree = try KernelTree()
        try tree.addPatch("livepatch_a")
        let path = "\(tree.root)/sys/kernel/livepatch/livepatch_a/enabled"
        #expect(try KernelFile.text(path) == "1")
        let text = try KernelFile.text(path) { _, _, _ in
            errno = number
            return -1
        }
        #expect(text == nil)
        #expect(throws: LivepatchError.self) {
            try KernelFile.text(path) { _, _, _ in
                errno = EIO
                return -1
            }
        }
    }

    @Test func `tasks that hold up a transition are named`() async throws {
        let tree = try KernelTree()
        for (number, state, name) in [("812", "0", "sleeper"), ("813", "1", "done"), ("900", "-1", "other")] {
            try tree.write("\(state)\n", to: "proc/\(number)/task/\(number)/patch_state")
            try tree.write("\(name)\n", to: "proc/\(number)/task/\(number)/comm")
        }
        #expect(await tree.kernel.waitingTasks(limit: 5).isEmpty)
        try tree.addPatch("livepatch_a", enabled: 1, transition: 1)
        #expect(await tree.kernel.waitingTasks(limit: 5) == ["sleeper (812)"])
        // On the way back it is the other ones that are waited for.
        try tree.write("0\n", to: "sys/kernel/livepatch/livepatch_a/enabled")
        #expect(await tree.kernel.waitingTasks(limit: 5) == ["done (813)"])
    }

    // MARK: Changing it

    @Test func `a module is loaded from bytes that nobody can change any more`() async throws {
        let tree = try KernelTree()
        let module = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        try await tree.kernel.insert(module, named: "107.1")
        #expect(tree.calls.loaded == [module])
        #expect(tree.calls.wasSealed == [true])
    }

    @Test(arguments: [
        (EINVAL, LivepatchError.Code.kernelRefused, "not a live patch"), (ENOEXEC, .kernelRefused, "another kernel"),
        (EPERM, .permissionMissing, "may not load modules"), (EKEYREJECTED, .kernelRefused, "Key was rejected"),
        (EEXIST, .kernelRefused, "loaded already"), (ENOSYS, .livepatchUnavailable, "no loadable modules"),
        (EIO, .kernelRefused, "Input/output error"),
    ])
    func `what the kernel answers becomes a sentence`(number: Int32, code: LivepatchError.Code, words: String) async throws {
        let tree = try KernelTree()
        tree.calls.answer(load: number)
        let refused = await error { try await tree.kernel.insert([1, 2, 3], named: "the patch 107.1") }
        #expect(refused?.code == code)
        #expect(refused?.message.contains(words) == true, "\(refused?.message ?? "")")
        #expect(refused?.message.contains("the patch 107.1") == true)
    }

    @Test func `a patch is disabled by its switch, and its module unloaded`() async throws {
        let tree = try KernelTree()
        try tree.addPatch("livepatch_a")
        try await tree.kernel.disable("livepatch_a")
        #expect(try tree.text("sys/kernel/livepatch/livepatch_a/enabled") == "0")
        try await tree.kernel.remove("livepatch_a")
        #expect(tree.calls.unloaded == ["livepatch_a"])
        tree.calls.answer(unload: EWOULDBLOCK)
        #expect(await error { try await tree.kernel.remove("livepatch_a") }?.message.contains("in use") == true)
        #expect(await error { try await tree.kernel.disable("livepatch_b") }?.message.contains("not in the kernel") == true)
    }

    @Test(arguments: ["", "../../etc", "a/b", "x y", ".hidden", String(repeating: "a", count: 64)])
    func `a name that is not a module's becomes no path`(name: String) async throws {
        let tree = try KernelTree()
        #expect(await error { try await tree.kernel.remove(name) }?.code == .patchModuleInvalid)
        #expect(await error { try await tree.kernel.disable(name) }?.code == .patchModuleInvalid)
        #expect(tree.calls.unloaded.isEmpty)
    }
}

@Suite struct `A machine's id` {
    @Test func `is derived from its machine-id, and does not tell it`() throws {
        let tree = try KernelTree()
        let id = try LocalMachine.id(root: tree.root)
        // HMAC-SHA-256 under the file's text, computed with another program.
        #expect(id.description == "883c4f1574e43c948e0d5fcafecdbb2d")
        #expect(!id.description.contains("b08dfa60"))
        try tree.write("b08dfa6083e7567a1921a715000001fc\n", to: "etc/machine-id")
        #expect(try LocalMachine.id(root: tree.root) != id)
    }

    @Test(arguments: ["", "uninitialized\n", "00000000000000000000000000000000\n", "b08dfa6083e7567a1921a715000001f\n"])
    func `must be there`(content: String) throws {
        let tree = try KernelTree()
        try tree.write(content, to: "etc/machine-id")
        let error = #expect(throws: LivepatchError.self) { try LocalMachine.id(root: tree.root) }
        #expect(error?.code == .machineUnidentified)
        // An older place for the same.
        try tree.write("b08dfa6083e7567a1921a715000001fb\n", to: "var/lib/dbus/machine-id")
        #expect(throws: Never.self) { try LocalMachine.id(root: tree.root) }
    }
}
