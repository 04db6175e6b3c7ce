import Foundation
import LivepatchKit

/// Check-ins, each of which authenticates its machine, finds its patch and takes its report, in rounds that alternate with nginx, which
/// answers every request with a constant as long.
struct CheckInBenchmark {
    let bench: Workbench

    private static let machines = 1_000

    func run() async throws -> [Figure] {
        guard let load = LoadGenerator.found, let nginx = Program.path("nginx") else {
            bench.say("check-ins: not measured, since nginx or wrk is missing (apt-get install nginx-light wrk)")
            return []
        }
        let fleet = try await SimulatedFleet(Self.machines, in: bench.path("check-ins"))
        let server = try await RunningServer(bench.server, dataDirectory: bench.path("check-ins"))
        defer { server.stop() }
        let length = try answerLength(fleet, server)
        let other = try await RunningNginx(
            nginx, root: bench.path("check-ins"), folder: bench.path("nginx-constant"), constant: length)
        defer { other.stop() }
        let script = bench.path("check-ins.lua")
        try Data(fleet.script().utf8).write(to: URL(filePath: script))
        let constant = bench.path("constant.lua")
        try Data(fleet.script().replacing("string.format(\"/v1", with: "\"/constant\" or string.format(\"/v1").utf8)
            .write(to: URL(filePath: constant))
        // Each machine's first report is a change, and written at once; those that follow are not.
        _ = try load.run(server.address, seconds: bench.scale.downloadSeconds, script: script)
        var ours: [Double] = []
        var theirs: [Double] = []
        for round in 1...max(bench.scale.rounds, 3) {
            bench.say("check-ins, round \(round)")
            ours.append(try load.run(server.address, seconds: bench.scale.downloadSeconds, script: script))
            theirs.append(try load.run(other.address, seconds: bench.scale.downloadSeconds, script: constant))
        }
        return [
            Figure(
                "check-ins", .perSecond, ours, against: "nginx, a constant of \(length) bytes", theirs, target: .atLeast(0.4))
        ]
    }

    private func answerLength(_ fleet: SimulatedFleet, _ server: RunningServer) throws -> Int {
        let crowd = Crowd()
        var length: Int?
        let connection = try crowd.open(server.port) { _, event in
            if case .answer(let answer) = event, answer.status == 200 { length = answer.body.count } else { length = 0 }
        }
        crowd.send(fleet.checkIn(0), on: connection)
        let deadline = ContinuousClock.now + .seconds(20)
        while length == nil, ContinuousClock.now < deadline { crowd.turn(100) }
        guard let length, length > 0 else { throw LivepatchError(.internalFault, "A machine could not check in.") }
        return length
    }
}
