import FoundationEssentials
public import Logging

/// Keeps an agent at work: a round, then watching until the next one is due or the bell rings, and patience with a server that is away.
public struct MachineLoop: Sendable {
    /// How long at most until the agent looks at the kernel again, which another process may have changed.
    static let slice: Duration = .seconds(30)
    /// How long at most a round waits after the bell, at random: all machines of a tier hear of a change at the same moment.
    static let haste: Duration = .seconds(2)
    /// The bounds of the time until the next check-in, whatever the server says.
    static let interval: ClosedRange<Duration> = .seconds(5)...Duration.seconds(86_400)

    private let agent: MachineAgent
    private let bell: Bell
    private let clock: any Clock<Duration>
    private let jitter: @Sendable () -> Double
    private let logger: Logger
    private let told: @Sendable (MachineRound.Outcome) -> Void

    /// - Parameters:
    ///   - bell: has the next round begin at once, or nearly so: see ``haste``.
    ///   - jitter: random numbers from 0 to 1.
    ///   - told: is told how each round came out.
    public init(
        _ agent: MachineAgent, bell: Bell = Bell(), clock: any Clock<Duration> = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        logger: Logger = Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() },
        told: @escaping @Sendable (MachineRound.Outcome) -> Void = { _ in }
    ) {
        self.agent = agent
        self.bell = bell
        self.clock = clock
        self.jitter = jitter
        self.logger = logger
        self.told = told
    }

    /// Runs until the task is cancelled. The kernel is not touched before the first answer.
    public func run() async {
        var failures = 0
        while !Task.isCancelled {
            var pause: Duration
            do {
                let outcome = try await agent.round()
                told(outcome)
                if let answer = outcome.answer {
                    failures = 0
                    pause = .seconds(answer.nextCheckSeconds)
                } else {
                    failures += 1
                    pause = backoff(failures) + min(outcome.checkInFailure?.retryAfter ?? .zero, .seconds(3600))
                }
            } catch {
                if Task.isCancelled { break }
                logger.error("the round failed", metadata: ["error": "\(error)"])
                failures += 1
                pause = backoff(failures)
            }
            pause = min(max(pause, Self.interval.lowerBound), Self.interval.upperBound)
            await watch(for: pause)
        }
    }

    /// Full jitter: anything up to a bound that doubles with every failure, so that machines that lost their server together do not
    /// come back together.
    func backoff(_ failures: Int) -> Duration {
        min(.seconds(3600), .seconds(30) * (1 << min(max(0, failures - 1), 10))) * jitter()
    }

    private func watch(for time: Duration) async {
        var left = time
        while left > .zero, !Task.isCancelled {
            var next: Duration?
            do { next = try await agent.watch() } catch {
                if Task.isCancelled { return }
                logger.warning("the kernel could not be looked at", metadata: ["error": "\(error)"])
            }
            let pause = min(left, max(.seconds(1), min(Self.slice, next ?? Self.slice)))
            switch await rest(for: pause) {
            case .over: left -= pause
            case .rung:
                try? await clock.sleep(for: Self.haste * jitter())
                return
            case .cancelled: return
            }
        }
    }

    private enum Rest: Sendable {
        case over, rung, cancelled
    }

    private func rest(for pause: Duration) async -> Rest {
        await withTaskGroup(of: Rest.self) { [bell, clock] group in
            group.addTask { (try? await clock.sleep(for: pause)) == nil ? .cancelled : .over }
            group.addTask { await bell.wait() ? .rung : .cancelled }
            let first = await group.next() ?? .cancelled
            group.cancelAll()
            // A ring at the same moment is not lost.
            return await group.next() == .rung ? .rung : first
        }
    }
}
