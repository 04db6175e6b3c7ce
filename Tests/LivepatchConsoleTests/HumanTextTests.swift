import ConsoleRecording
import FoundationEssentials
import LivepatchConsole
import Testing

@Suite struct HumanTextTests {
    private let text = HumanText(now: RecordedConsole.now)

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10_240, "10 KiB"), (10_189, "10 KiB"),
            (1_048_575, "1.0 MiB"), (48_318_382_080, "45 GiB"), (Int64.max, "8.0 EiB"), (-1536, "-1.5 KiB"),
        ] as [(Int64, String)])
    func `Sizes have two or three digits`(bytes: Int64, expected: String) {
        #expect(text.size(bytes) == expected)
    }

    @Test(
        arguments: [
            (0.0, "now"), (-30, "30 s ago"), (-200, "3 min ago"), (-7200, "2 h ago"), (-100_000, "28 h ago"),
            (29.9999 * 86_400, "in 30 days"), (59.7, "in 1 min"), (0.7, "in 1 s"),
            (-200_000, "2 days ago"), (3600, "in 1 h"), (-70.0 * 86_400, "2024-03-23"), (400.0 * 86_400, "2025-07-06"),
        ] as [(Double, String)])
    func `Times near now are relative, others are days`(seconds: Double, expected: String) {
        #expect(text.time(RecordedConsole.now + seconds) == expected)
    }

    @Test(
        arguments: [
            (0.04, "0.0 s"), (0.42, "0.4 s"), (9.96, "10 s"), (59.6, "1 min"), (200, "3 min 20 s"), (3599.9, "1 h"),
            (7500, "2 h 5 min"),
        ] as [(Double, String)])
    func `Durations have at most two units`(seconds: Double, expected: String) {
        #expect(text.duration(seconds: seconds) == expected)
    }
}
