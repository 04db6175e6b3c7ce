import Foundation
import LivepatchKit

/// A fleet after an outage: every machine checks in within one minute, at a random time, and comes again when it is asked to. One of ten
/// has news, which is durable before it is answered.
///
/// Machines share connections that are kept open, as behind a proxy. Times are counted from the moment at which a machine wanted to ask,
/// so that one that had to wait for a connection waited.
struct FleetBenchmark {
    let bench: Workbench

    private static let window = 60.0
    private static let connections = 256
    private static let patience = Duration.seconds(1200)

    /// What has happened so far.
    private final class Course {
        var idle: [Crowd.Connection] = []
        /// Machines that want to ask, since when.
        var waiting: [(machine: Int, since: Double)] = []
        var next = 0
        /// Who comes in which second.
        var plan: [Int: [(machine: Int, at: Double)]] = [:]
        var latencies: [Double] = []
        var refused = 0
        var errors = 0
    }

    func run() async throws -> [Figure] {
        let count = bench.scale.fleet
        let path = bench.path("fleet")
        bench.say("fleet: registering \(count) machines…")
        let fleet = try await SimulatedFleet(count, in: path)
        let server = try await RunningServer(bench.server, dataDirectory: path)
        bench.say("fleet: \(count) machines check in within \(Int(Self.window)) s")
        let course: Course
        let seconds: Double
        let memory: Double
        do {
            defer { server.stop() }
            let start = ContinuousClock.now
            course = try checkIn(fleet, server, start)
            seconds = start.duration(to: .now) / .seconds(1)
            memory = try server.peakBytes() / 1_048_576
        }
        let recorded = try await SimulatedFleet.reported(in: path)
        let machines = "\(count) machines within a minute"
        return [
            Figure("\(machines): until all were done", .seconds, [seconds]),
            Figure("\(machines): median of what is accepted", .seconds, [Figure.median(course.latencies)]),
            Figure(
                "\(machines): 99th percentile of what is accepted", .seconds, [Figure.percentile99(course.latencies)],
                target: .atMost(0.25)),
            Figure("\(machines): asked to come again", .number, [Double(course.refused)]),
            Figure("\(machines): errors", .number, [Double(course.errors)], target: .atMost(0)),
            Figure("\(machines): reports that are not recorded", .number, [Double(count - recorded)], target: .atMost(0)),
            Figure("\(machines): memory of the server, MiB", .number, [memory], target: .atMost(512)),
        ]
    }

    private func checkIn(_ fleet: SimulatedFleet, _ server: RunningServer, _ start: ContinuousClock.Instant) throws -> Course {
        let course = Course()
        let crowd = Crowd()
        let elapsed = { start.duration(to: .now) / .seconds(1) }
        for machine in 0..<fleet.count { plan(machine, Double.random(in: 0..<Self.window), course) }
        for _ in 0..<Self.connections { course.idle.append(try crowd.open(server.port)) }
        var second = 0
        var due: ArraySlice<(machine: Int, at: Double)> = []
        while course.latencies.count + course.errors < fleet.count {
            let now = elapsed()
            guard ContinuousClock.now < start + Self.patience else {
                throw LivepatchError(
                    .internalFault, "Of \(fleet.count) machines \(course.latencies.count) were answered in time.")
            }
            while true {
                if let first = due.first {
                    guard first.at <= now else { break }
                    course.waiting.append((first.machine, first.at))
                    due = due.dropFirst()
                } else {
                    guard Double(second) <= now else { break }
                    due = (course.plan.removeValue(forKey: second) ?? []).sorted { $0.at < $1.at }[...]
                    second += 1
                }
            }
            // The server closes what is idle for too long.
            course.idle.removeAll { !$0.isOpen }
            while course.next < course.waiting.count, let connection = course.idle.popLast() {
                let (machine, since) = course.waiting[course.next]
                course.next += 1
                connection.heard = { connection, event in
                    hear(event, connection, machine, since, elapsed(), second, course)
                }
                crowd.send(fleet.checkIn(machine), on: connection)
            }
            crowd.turn(1)
            // Connections that the server has closed are replaced.
            while crowd.count < Self.connections { course.idle.append(try crowd.open(server.port)) }
        }
        return course
    }

    private func hear(
        _ event: AnswerParser.Event, _ connection: Crowd.Connection, _ machine: Int, _ since: Double, _ now: Double,
        _ second: Int, _ course: Course
    ) {
        switch event {
        case .answer(let answer):
            course.idle.append(connection)
            connection.heard = nil
            switch (answer.status, answer.retryAfter) {
            case (200, _): course.latencies.append(now - since)
            case (503, let pause?), (429, let pause?):
                course.refused += 1
                plan(machine, max(now + Double(pause) + Double.random(in: 0...1), Double(second)), course)
            default: course.errors += 1
            }
        // It was idle for too long just when it was used: then a client asks again on another one (RFC 9112, section 9.3.1).
        case .closed: course.waiting.append((machine, since))
        case .piece: break
        }
    }

    private func plan(_ machine: Int, _ time: Double, _ course: Course) {
        course.plan[Int(time), default: []].append((machine, time))
    }
}
