import CKernel
import Dispatch
public import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The kernel of the machine that this process runs on, by /proc, /sys and its system calls.
public struct LinuxKernel: Kernel {
    /// Where the kernel shows itself.
    public struct Places: Hashable, Sendable {
        public var proc: String
        public var sys: String
        public var etc: String
        /// The kernel's log.
        public var log: String

        public init(proc: String = "/proc", sys: String = "/sys", etc: String = "/etc", log: String = "/dev/kmsg") {
            self.proc = proc
            self.sys = sys
            self.etc = etc
            self.log = log
        }
    }

    /// The bit of `/proc/sys/kernel/tainted` that tells of an oops or a bug (TAINT_DIE).
    private static let diedBit: UInt64 = 1 << 7

    private let places: Places
    private let name: SystemName
    private let calls: ModuleCalls
    /// Calls that may take long: a module's initialisation runs in them.
    private let queue = DispatchQueue(label: "livepatch.kernel")

    public init(places: Places = Places(), name: SystemName = .current()) {
        self.init(places: places, name: name, calls: .system)
    }

    init(places: Places, name: SystemName, calls: ModuleCalls) {
        self.places = places
        self.name = name
        self.calls = calls
    }

    // MARK: What runs

    public func running() async throws -> RunningKernel {
        let version = try KernelFile.text("\(places.proc)/version") ?? ""
        let kernel = try KernelIdentity.kernel(
            signature: try KernelFile.text("\(places.proc)/version_signature"), version: version, name: name)
        guard let boot = try KernelFile.text("\(places.proc)/sys/kernel/random/boot_id"), !boot.isEmpty else {
            throw LivepatchError(
                .kernelRefused,
                "The kernel does not tell which boot this is: '\(places.proc)/sys/kernel/random/boot_id' is missing.",
                suggestion: "Mount /proc.")
        }
        return RunningKernel(
            release: name.release, kernel: kernel, bootID: boot, cpuModel: try cpuModel(), codename: try codename(),
            buildDate: KernelIdentity.buildDate(of: version).flatMap(Timestamp.date),
            commandLine: try KernelFile.text("\(places.proc)/cmdline"))
    }

    private func cpuModel() throws -> String? {
        let lines = (try KernelFile.text("\(places.proc)/cpuinfo") ?? "").split(separator: "\n")
        // x86 and s390x, ppc64el, and what arm64 has at best.
        for key in ["model name", "cpu", "processor 0", "Model", "Hardware", "vendor_id"] {
            for line in lines {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, Self.trimmed(parts[0]) == key else { continue }
                let value = Self.trimmed(parts[1])
                if !value.isEmpty { return value }
            }
        }
        return nil
    }

    private func codename() throws -> String? {
        for line in (try KernelFile.text("\(places.etc)/os-release") ?? "").split(separator: "\n")
        where line.hasPrefix("VERSION_CODENAME=") {
            let value = line.dropFirst("VERSION_CODENAME=".count).filter { $0 != "\"" && $0 != "'" }
            if !value.isEmpty { return String(value) }
        }
        return nil
    }

    public func uptime() async throws -> Duration {
        guard let text = try KernelFile.text("\(places.proc)/uptime"), let first = text.split(separator: " ").first,
            let seconds = Double(first), seconds >= 0
        else {
            throw LivepatchError(
                .kernelRefused, "The kernel does not tell how long it has been running: '\(places.proc)/uptime' cannot be read.",
                suggestion: "Mount /proc.")
        }
        return .seconds(seconds)
    }

    // MARK: Whether it can be patched

    public func obstacles() async -> [LivepatchError] {
        var obstacles: [LivepatchError] = []
        if !KernelFile.isDirectory("\(places.sys)/kernel/livepatch") {
            obstacles.append(
                LivepatchError(
                    .livepatchUnavailable,
                    "This kernel cannot be live-patched: there is no \(places.sys)/kernel/livepatch.",
                    suggestion: "It was built without CONFIG_LIVEPATCH, or /sys is not mounted."))
        }
        if (try? KernelFile.flag("\(places.proc)/sys/kernel/modules_disabled")) == true {
            obstacles.append(
                LivepatchError(
                    .livepatchUnavailable,
                    "This kernel takes no more modules until the next boot (kernel.modules_disabled is 1).",
                    suggestion: "Let the agent's service start before whatever sets it."))
        }
        if !calls.mayLoad() {
            obstacles.append(
                LivepatchError(
                    .permissionMissing, "This process may not load modules into the kernel.",
                    suggestion: "Run it as root, with the capability CAP_SYS_MODULE."))
        }
        return obstacles
    }

    // MARK: What is in it

    public func livePatches() async throws -> [LoadedPatch] {
        let folder = "\(places.sys)/kernel/livepatch"
        return try KernelFile.names(in: folder).compactMap { name in
            let patch = "\(folder)/\(name)"
            // One that leaves while it is looked at is gone.
            guard let isEnabled = try KernelFile.flag("\(patch)/enabled") else { return nil }
            let isInTransition = try KernelFile.flag("\(patch)/transition") ?? false
            let functions = KernelFile.names(in: patch).filter { KernelFile.isDirectory("\(patch)/\($0)") }.flatMap { object in
                KernelFile.names(in: "\(patch)/\(object)").filter { KernelFile.isDirectory("\(patch)/\(object)/\($0)") }
                    .map { "\(object)/\($0.prefix { $0 != "," })" }
            }
            return LoadedPatch(name: name, isEnabled: isEnabled, isInTransition: isInTransition, functions: functions)
        }
    }

    public func hasModule(_ name: String) async throws -> Bool {
        // What is built in has a directory, too, and no state.
        try KernelFile.text("\(places.sys)/module/\(try Self.moduleName(name))/initstate") != nil
    }

    public func hasFaults() async throws -> Bool {
        guard let text = try KernelFile.text("\(places.proc)/sys/kernel/tainted"), let bits = UInt64(text) else { return false }
        return bits & Self.diedBit != 0
    }

    public func waitingTasks(limit: Int) async -> [String] {
        let patches = (try? await livePatches()) ?? []
        guard let moving = patches.first(where: \.isInTransition) else { return [] }
        // 0 is a task that has the old functions still, 1 one that has the new ones.
        let left = moving.isEnabled ? "0" : "1"
        var tasks: [String] = []
        for process in KernelFile.names(in: places.proc) where process.allSatisfy(\.isNumber) {
            for thread in KernelFile.names(in: "\(places.proc)/\(process)/task") {
                let task = "\(places.proc)/\(process)/task/\(thread)"
                guard (try? KernelFile.text("\(task)/patch_state")) == left else { continue }
                tasks.append("\((try? KernelFile.text("\(task)/comm")) ?? "a task") (\(thread))")
                if tasks.count == limit { return tasks }
            }
        }
        return tasks
    }

    // MARK: Changing it

    public func insert(_ module: [UInt8], named name: String) async throws {
        let (calls, log) = (calls, places.log)
        let label = (try? KernelModule(parsing: module).name) ?? nil
        try await onQueue {
            let sealed = try SealedModule(module)
            let said = KernelLog(at: log)
            if let number = calls.load(sealed.descriptor) {
                throw KernelFault.insertion(name, number, log: said.lines(about: label ?? name))
            }
        }
    }

    public func disable(_ patch: String) async throws {
        let path = "\(places.sys)/kernel/livepatch/\(try Self.moduleName(patch))/enabled"
        try await onQueue { try KernelFile.write("0", to: path) { KernelFault.disabling(patch, $0) } }
    }

    public func remove(_ module: String) async throws {
        let (calls, name) = (calls, try Self.moduleName(module))
        try await onQueue {
            if let number = calls.unload(name) { throw KernelFault.removal(name, number) }
        }
    }

    /// A module's name comes out of the module, and becomes a part of a path here.
    private static func moduleName(_ name: String) throws -> String {
        guard name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}/) != nil else {
            throw LivepatchError(.patchModuleInvalid, "'\(name.prefix(80))' is not a module's name.")
        }
        return name
    }

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

/// The system calls that change a kernel, handed in so that a test can stand in their place. They return the error's number.
struct ModuleCalls: Sendable {
    var load: @Sendable (_ descriptor: Int32) -> Int32?
    var unload: @Sendable (_ name: String) -> Int32?
    var mayLoad: @Sendable () -> Bool

    static let system = ModuleCalls(
        load: { ckernel_load_module($0) == 0 ? nil : errno },
        unload: { ckernel_unload_module($0) == 0 ? nil : errno },
        mayLoad: { ckernel_may_load_modules() != 0 })
}

extension LinuxKernel {
    /// A kernel that a directory shows, with its `/proc`, `/sys` and `/etc`; it can be looked at, and not changed.
    /// - Throws: ``LivepatchError`` with the code `kernel-unrecognized` if it does not say its release.
    public init(lookingInto root: String) throws {
        guard let release = try KernelFile.text("\(root)/proc/sys/kernel/osrelease") else {
            throw LivepatchError(
                .kernelUnrecognized, "'\(root)/proc/sys/kernel/osrelease' is missing, so nobody knows which kernel that is.")
        }
        let machine = try KernelFile.text("\(root)/proc/sys/kernel/arch") ?? SystemName.current().machine
        self.init(
            places: Places(proc: "\(root)/proc", sys: "\(root)/sys", etc: "\(root)/etc", log: "\(root)/dev/kmsg"),
            name: SystemName(release: release, version: "", machine: machine),
            calls: ModuleCalls(load: { _ in EPERM }, unload: { _ in EPERM }, mayLoad: { false }))
    }
}
