import Foundation
import PatchGenerator
import Processes
import Synchronization

/// A server that is killed, stopped for a while, and started again, on another port each time; its wires follow it.
final class FrailServer: Sendable {
    let name: String
    /// Where its data is as everybody else sees it.
    let data: String
    private let here: Surroundings
    private let settings: [String: String]
    private let environment: [String: String]
    private let wrapper: [String]
    private let findings: Findings
    private let state = Mutex((server: RunningServer?.none, wires: [BrokenWire]()))

    init(
        _ name: String, _ here: Surroundings, _ settings: [String: String] = [:], environment: [String: String] = [:],
        wrapper: [String] = [], data: String? = nil, findings: Findings
    ) {
        self.name = name
        self.here = here
        self.settings = settings
        self.environment = environment
        self.wrapper = wrapper
        self.data = data ?? here.path(name)
        self.findings = findings
    }

    /// Its own address, without any wire; `nil` while it is not running.
    var url: String? { state.withLock { $0.server?.url } }

    /// The last lines of its log.
    var lastWords: String {
        state.withLock { $0.server }.map { $0.log.split(separator: "\n").suffix(12).joined(separator: "\n") } ?? ""
    }

    /// A wire that leads to it.
    func wire(_ random: SeededRandom) async throws -> BrokenWire {
        let wire = try await BrokenWire.start(random)
        state.withLock { state in
            wire.lead(to: state.server?.port)
            state.wires.append(wire)
        }
        return wire
    }

    func start() async throws {
        let server = try await here.server(name, settings, environment: environment, wrapper: wrapper)
        state.withLock { state in
            state.server = server
            for wire in state.wires { wire.lead(to: server.port) }
        }
    }

    /// Ends it at this very moment.
    func kill9() async throws {
        try await down()?.process.kill9()
    }

    /// Tells it to stop, and holds it to that.
    func stop() async throws {
        guard let server = down() else { return }
        let ending = try await server.stop()
        if ending != .exited(0) {
            findings.report(.alive, "\(name), told to stop, ended with \(ending):\n\(server.log.suffix(2000))")
        }
    }

    /// Lets it do nothing for a while.
    func freeze() { state.withLock { $0.server }?.process.signal(SIGSTOP) }
    func thaw() { state.withLock { $0.server }?.process.signal(SIGCONT) }

    /// Whether it has ended although nobody ended it.
    func checkAlive() {
        guard let server = state.withLock({ $0.server }), let ending = server.process.ending else { return }
        findings.report(.alive, "\(name) ended with \(ending):\n\(server.log.suffix(3000))")
    }

    private func down() -> RunningServer? {
        checkAlive()
        return state.withLock { state in
            for wire in state.wires { wire.lead(to: nil) }
            defer { state.server = nil }
            return state.server
        }
    }
}
