import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            ("1h", .seconds(3600)), ("10m", .seconds(600)), ("90s", .seconds(90)), ("1h30m", .seconds(5400)),
            ("30d", .seconds(30 * 86_400)), ("250ms", .milliseconds(250)), ("0s", .zero),
            ("1d2h3m4s5ms", .milliseconds(93_784_005)),
            ("240h", .seconds(864_000)), ("36525d", .seconds(36_525 * 86_400)), ("007s", .seconds(7)),
        ] as [(String, Duration)])
    func `durations are read as people write them`(text: String, duration: Duration) throws {
        #expect(try DurationText.parse(text) == duration)
    }

    @Test(arguments: [
        "", "1", "h", "1x", "1H", "1 h", " 1h", "-1h", "+1h", "1.5h", "1h1h", "30m1h", "1ms1s", "1h ", "1hm", "1e3s", "٣s",
        "1s\u{301}",
        "36526d", "36525d1ms", "9999999999999s", "99999999999999999999d", "999999999999d", "876600h1ms",
    ])
    func `anything else, and more than 100 years, is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'", "1h30m"]) { try DurationText.parse(text) }
    }

    @Test(
        arguments: [
            (.zero, "0s"), (.seconds(-5), "0s"), (.microseconds(999), "0s"), (.milliseconds(1), "1ms"), (.seconds(90), "1m30s"),
            (.seconds(86_400), "1d"), (.milliseconds(93_784_005), "1d2h3m4s5ms"), (.seconds(Int64.max), "36525d"),
            (.seconds(Int64.min), "0s"),
        ] as [(Duration, String)])
    func `durations print their parts, within the bounds that are read`(duration: Duration, text: String) {
        #expect(DurationText.text(duration) == text)
    }

    @Test func `every duration reads back as itself, to the millisecond`() throws {
        var random = SeededGenerator(seed: 3)
        for exponent in 0..<42 {
            for _ in 0..<50 {
                let duration = Duration.milliseconds(
                    min(Int64.random(in: 0...(1 << exponent), using: &random), 36_525 * 86_400_000))
                #expect(try DurationText.parse(DurationText.text(duration)) == duration)
            }
        }
    }
}
