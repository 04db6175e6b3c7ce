import Metrics
import Testing

@testable import LivepatchMetrics

struct MetricRegistryTests {
    private func lines(_ registry: MetricRegistry) -> [String] { registry.text().split(separator: "\n").map(String.init) }

    @Test func `counters add up, whoever holds them, and gauges show the last value`() {
        let registry = MetricRegistry()
        Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment(by: 2)
        Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment()
        FloatingPointCounter(label: "b_total", factory: registry).increment(by: 0.25)
        let gauge = Gauge(label: "c", factory: registry)
        gauge.record(7)
        gauge.record(-1.5)
        let meter = Meter(label: "d", factory: registry)
        meter.increment(by: 3)
        meter.decrement(by: 1)
        #expect(
            lines(registry) == [
                "# TYPE a_total counter", "a_total{x=\"1\"} 3", "# TYPE b_total counter", "b_total 0.25", "# TYPE c gauge",
                "c -1.5", "# TYPE d gauge", "d 2",
            ])
    }

    @Test func `nothing makes a counter smaller`() {
        let registry = MetricRegistry()
        let counter = CounterInstrument()
        counter.increment(by: Int64(3))
        counter.increment(by: Int64(-5))
        counter.increment(by: .infinity)
        #expect(counter.reading == .value(3))
        #expect(registry.text().isEmpty)
    }

    @Test func `a histogram's buckets hold what is at most their bound, each with all before it`() {
        let registry = MetricRegistry(describing: [MetricDescription("h", .histogram, help: "Sizes.", bounds: [1, 2.5])])
        let recorder = Recorder(label: "h", dimensions: [("k", "v")], factory: registry)
        for value in [0.5, 1, 2.5, 3] { recorder.record(value) }
        recorder.record(Double.nan)
        #expect(
            lines(registry) == [
                "# HELP h Sizes.", "# TYPE h histogram", "h_bucket{k=\"v\",le=\"1\"} 2", "h_bucket{k=\"v\",le=\"2.5\"} 3",
                "h_bucket{k=\"v\",le=\"+Inf\"} 4", "h_sum{k=\"v\"} 7", "h_count{k=\"v\"} 4",
            ])
    }

    @Test func `timers are in seconds`() {
        let registry = MetricRegistry()
        Timer(label: "t", factory: registry).recordNanoseconds(2_500_000)
        #expect(lines(registry).contains("t_sum 0.0025"))
        #expect(lines(registry).contains("t_bucket{le=\"0.0025\"} 1"))
        #expect(lines(registry).contains("t_bucket{le=\"0.001\"} 0"))
    }

    @Test func `whatever is in a name, a label or a help text, the line stays one line`() {
        let registry = MetricRegistry(describing: [MetricDescription("a_b", .gauge, help: "one\\two\n\"three\"")])
        Gauge(label: "a-b", dimensions: [("1.x", "back\\slash \"quoted\"\nnext"), ("_1_x", "lost")], factory: registry).record(1)
        Gauge(label: "ü", factory: registry).record(Double.infinity)
        #expect(
            lines(registry) == [
                "# TYPE __ gauge", "__ +Inf", "# HELP a_b one\\\\two\\n\"three\"", "# TYPE a_b gauge",
                "a_b{_1_x=\"back\\\\slash \\\"quoted\\\"\\nnext\"} 1",
            ])
    }

    @Test func `series beyond the limit are folded into one, and counted`() {
        let registry = MetricRegistry(seriesLimit: 2, overflows: "too_many_total")
        for number in 0..<5 {
            Counter(label: "c_total", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        Counter(label: "c_total", dimensions: [("n", "0")], factory: registry).increment()
        #expect(
            lines(registry) == [
                "# TYPE c_total counter", "c_total{n=\"0\"} 2", "c_total{n=\"1\"} 1", "c_total{n=\"overflow\"} 3",
                "# TYPE too_many_total counter", "too_many_total{metric=\"c_total\"} 3",
            ])
    }

    @Test func `what is destroyed makes room`() {
        let registry = MetricRegistry(seriesLimit: 1)
        let first = Gauge(label: "g", dimensions: [("n", "1")], factory: registry)
        first.record(1)
        first.destroy()
        Gauge(label: "g", dimensions: [("n", "2")], factory: registry).record(2)
        #expect(lines(registry) == ["# TYPE g gauge", "g{n=\"2\"} 2"])
    }

    @Test func `a metric of another kind than its name says ends nothing, and is counted`() {
        let registry = MetricRegistry(overflows: "too_many_total")
        Counter(label: "same", factory: registry).increment()
        Gauge(label: "same", factory: registry).record(9)
        #expect(lines(registry).contains("same 1"))
        #expect(lines(registry).contains("too_many_total{metric=\"same\"} 1"))
    }

    @Test func `many at once lose no count`() async {
        let registry = MetricRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<1000 {
                        Counter(label: "c_total", dimensions: [("n", "\(number % 3)")], factory: registry).increment()
                        Timer(label: "t", factory: registry).recordNanoseconds(1)
                    }
                }
            }
        }
        let counts = lines(registry).filter { $0.hasPrefix("c_total{") }.compactMap { Int($0.split(separator: " ")[1]) }
        #expect(counts.reduce(0, +) == 8000)
        #expect(lines(registry).contains("t_count 8000"))
    }
}

struct ProcessNumbersTests {
    @Test func `a process with a name that looks like fields is read`() {
        let status =
            "4242 (a b) R 1 2) S 1 4242 4242 0 -1 4194560 2000 0 0 0 150 50 0 0 20 0 11 0 5000 123456 789 18446744073709551615 1 1\n"
        let numbers = ProcessNumbers(
            status: status, machine: "cpu 1 2\nbtime 1700000000\n",
            limits: "Limit  Soft  Hard\nMax open files            1024                 4096                 files\n",
            descriptors: 7,
            ticks: 100, page: 4096)
        #expect(numbers.cpuSeconds == 2)
        #expect(numbers.threads == 11)
        #expect(numbers.started == 1_700_000_050)
        #expect(numbers.virtualBytes == 123_456)
        #expect(numbers.residentBytes == 3_231_744)
        #expect(numbers.maximumDescriptors == 1024)
        #expect(numbers.openDescriptors == 7)
    }

    @Test func `a system that tells nothing leaves it out`() {
        let numbers = ProcessNumbers(status: "", machine: "", limits: "", descriptors: nil, ticks: 100, page: 4096)
        #expect(numbers.cpuSeconds == nil && numbers.started == nil && numbers.openDescriptors == nil)
    }

    @Test func `this process is read`() {
        let registry = MetricRegistry()
        let metrics = ProcessMetrics(registry)
        metrics.refresh()
        metrics.refresh()
        let text = registry.text()
        #if os(Linux)
            for description in ProcessMetrics.descriptions {
                #expect(text.contains("\n\(description.name) "), "\(description.name)")
            }
        #endif
        #expect(!text.contains("nan"))
    }
}
