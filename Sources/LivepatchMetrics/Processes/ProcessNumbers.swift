/// What a process uses of its machine, as `/proc` tells it.
struct ProcessNumbers: Hashable, Sendable {
    /// User and system time since it began, in seconds.
    var cpuSeconds: Double?
    var residentBytes: Double?
    var virtualBytes: Double?
    var threads: Double?
    /// When it began, in seconds since 1970.
    var started: Double?
    var openDescriptors: Double?
    var maximumDescriptors: Double?

    /// - Parameters:
    ///   - status: the content of `/proc/self/stat` (proc(5)).
    ///   - machine: the content of `/proc/stat`, for when the machine was started.
    ///   - limits: the content of `/proc/self/limits`.
    ///   - ticks: how many of the kernel's clock ticks are a second.
    ///   - page: the bytes of a page.
    init(status: String, machine: String, limits: String, descriptors: Int?, ticks: Double, page: Double) {
        // The name, in parentheses, may hold anything; the fields from the third on follow the last one.
        if let end = status.lastIndex(of: ")") {
            let fields = status[end...].split(separator: " ").dropFirst().map { Double($0) }
            func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? fields[number - 3] : nil }
            if let user = field(14), let system = field(15) { cpuSeconds = (user + system) / ticks }
            threads = field(20)
            virtualBytes = field(23)
            residentBytes = field(24).map { $0 * page }
            let boot = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
            if let boot, let ticksAfterBoot = field(22) { started = boot + ticksAfterBoot / ticks }
        }
        if let line = limits.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }) {
            maximumDescriptors = line.split(separator: " ").dropFirst(3).first.flatMap { Double($0) }
        }
        openDescriptors = descriptors.map(Double.init)
    }
}
