import LivepatchKit
import Testing

@Suite("Numbers that are told upstream")
struct MachineCountingTests {
    @Test(
        "a bucket's lower bound stands for what falls into it",
        arguments: [
            (0, 0), (1, 1), (49, 1), (50, 50), (99, 50), (100, 100), (999, 500), (1000, 1000), (4999, 2000), (5000, 5000),
            (9999, 5000), (10_000, 10_000), (1_000_000, 10_000),
        ])
    func buckets(_ number: Int, _ told: Int) {
        #expect(MachineCountStrategy.bucket.told(number) == told)
        #expect(MachineCountStrategy.bucket.told(told) == told, "telling it again changes it")
        #expect(MachineCountStrategy.unit.told(number) == number)
    }

    @Test("every number of a tally is told in buckets, and what is no number stays")
    func everyNumber() throws {
        let exact = FleetTally(
            machines: 777, current: 123, presence: FleetPresence(hour: 60, day: 70, week: 80, older: 90, never: 101, silent: 51),
            lines: [try line(777, applied: "107.1", current: true)], failures: [try failure("no", 66)], machinesLeftOut: 55)
        let told = exact.told(by: .bucket)
        #expect(told.machines == 500 && told.current == 100 && told.machinesLeftOut == 50)
        #expect(told.presence == FleetPresence(hour: 50, day: 50, week: 50, older: 50, never: 100, silent: 50))
        #expect(told.lines.map(\.machines) == [500] && told.failures.map(\.machines) == [50])
        #expect(told.lines[0].newest == exact.lines[0].newest && told.lines[0].isCurrent && told.failures[0].message == "no")
        #expect(exact.told(by: .unit) == exact)
    }

    @Test("what was told in buckets once stays so, whoever passes it on")
    func passing() {
        #expect(MachineCountStrategy.unit.passing(.bucket) == .bucket)
        #expect(MachineCountStrategy.bucket.passing(.unit) == .bucket)
        #expect(MachineCountStrategy.unit.passing(.unit) == .unit)
    }

    @Test("of a tally that is too long the largest lines stay, and the rest is counted")
    func bounded() throws {
        let long = tally(
            [try line(9), try line(5, tier: "beta"), try line(2, tier: "edge")],
            failures: [try failure("a", 3), try failure("b", 2)])
        let short = long.bounded(lines: 1, failures: 1)
        #expect(short.lines.map(\.machines) == [9] && short.machinesLeftOut == 7 && short.machines == 16)
        #expect(short.failures.map(\.message) == ["a"])
    }

    @Test("a long message is cut between characters")
    func messages() throws {
        let cut = try failure(String(repeating: "é", count: 300), 1).message
        #expect(cut.utf8.count <= FleetBounds.messageLimit && cut.hasSuffix("é…"))
        #expect(try failure("short", 1).message == "short")
    }
}
