public import CoreMetrics
import FoundationEssentials
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What this process uses of its machine, under the names that all of Prometheus' client libraries give it.
public final class ProcessMetrics: Sendable {
    /// What the metrics are.
    public static let descriptions = [
        MetricDescription(
            "process_cpu_seconds_total", .counter, help: "User and system CPU time that the process has used, in seconds."),
        MetricDescription("process_resident_memory_bytes", .gauge, help: "Memory of the process that is in RAM, in bytes."),
        MetricDescription("process_virtual_memory_bytes", .gauge, help: "Address space of the process, in bytes."),
        MetricDescription("process_threads", .gauge, help: "Threads of the process."),
        MetricDescription("process_start_time_seconds", .gauge, help: "When the process began, in seconds since 1970."),
        MetricDescription("process_open_fds", .gauge, help: "File descriptors that the process has open."),
        MetricDescription("process_max_fds", .gauge, help: "File descriptors that the process may have open."),
    ]

    private let factory: any MetricsFactory
    private let cpu: FloatingPointCounter
    private let counted = Mutex<Double>(0)

    /// - Parameter factory: where the metrics are made.
    public init(_ factory: any MetricsFactory) {
        self.factory = factory
        cpu = FloatingPointCounter(label: "process_cpu_seconds_total", factory: factory)
    }

    /// Reads the numbers anew. What this system does not tell is left out.
    public func refresh() {
        let numbers = ProcessNumbers(
            status: Self.text("/proc/self/stat"), machine: Self.text("/proc/stat"), limits: Self.text("/proc/self/limits"),
            descriptors: try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count,
            ticks: Double(max(1, sysconf(CInt(_SC_CLK_TCK)))), page: Double(max(1, sysconf(CInt(_SC_PAGESIZE)))))
        if let total = numbers.cpuSeconds {
            cpu.increment(
                by: counted.withLock { counted in
                    defer { counted = max(counted, total) }
                    return max(0, total - counted)
                })
        }
        show("process_resident_memory_bytes", numbers.residentBytes)
        show("process_virtual_memory_bytes", numbers.virtualBytes)
        show("process_threads", numbers.threads)
        show("process_start_time_seconds", numbers.started)
        show("process_open_fds", numbers.openDescriptors)
        show("process_max_fds", numbers.maximumDescriptors)
    }

    private func show(_ name: String, _ value: Double?) {
        if let value { Gauge(label: name, factory: factory).record(value) }
    }

    private static func text(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
