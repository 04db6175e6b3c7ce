import Synchronization

/// Shows how far work is on standard error: on a terminal one line that is redrawn, otherwise one line when the work begins and
/// one when it ends. May be used from several tasks at once.
public final class ProgressBar: Sendable {
    private struct State {
        var progress = TransferProgress()
        var rate = TransferRate()
        var drawn: Duration?
        var announced = false
        var ended = false
    }

    private let title: String
    private let console: Console
    private let silent: Bool
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    /// The least time between two drawings.
    private static let pause = Duration.milliseconds(100)

    /// - Parameters:
    ///   - title: what is going on: `Syncing`.
    ///   - silent: whether nothing is shown at all.
    ///   - elapsed: the time since any fixed moment.
    public init(
        _ title: String, on console: Console, silent: Bool = false, elapsed: (@Sendable () -> Duration)? = nil
    ) {
        self.title = title
        self.console = console
        self.silent = silent
        let begin = ContinuousClock.now
        self.elapsed = elapsed ?? { ContinuousClock.now - begin }
    }

    /// Tells how far the work is.
    public func update(_ progress: TransferProgress) {
        update { $0 = progress }
    }

    /// Changes what is known of how far the work is.
    public func update(_ change: (inout TransferProgress) -> Void) {
        let time = elapsed()
        state.withLock { state in
            guard !state.ended else { return }
            change(&state.progress)
            state.rate.note(state.progress.bytesDone, at: time)
            if let drawn = state.drawn, time - drawn < Self.pause { return }
            draw(&state, at: time)
        }
    }

    /// Prints a line that stays, above the bar.
    public func note(_ line: String) {
        state.withLock { state in
            erase(state)
            console.note(line)
            if state.drawn != nil, !state.ended { draw(&state, at: elapsed()) }
        }
    }

    /// Takes the bar away; where there is no terminal, says how far the work came. Nothing is shown afterwards.
    public func end() {
        state.withLock { state in
            guard !state.ended else { return }
            state.ended = true
            if console.errorOutput.terminal.isInteractive {
                erase(state)
            } else if !silent, state.announced, state.progress.fraction != nil {
                console.note(line(state).summary())
            }
        }
    }

    private func draw(_ state: inout State, at time: Duration) {
        guard !silent else { return }
        guard let width = console.errorOutput.terminal.width else {
            if !state.announced { console.note("\(title)…") }
            state.announced = true
            return
        }
        state.drawn = time
        // The last column stays free: some terminals break the line there.
        try? console.errorOutput.write("\r\u{1B}[K" + line(state).text(width: max(1, width - 1)))
    }

    private func erase(_ state: State) {
        if state.drawn != nil { try? console.errorOutput.write("\r\u{1B}[K") }
    }

    private func line(_ state: State) -> ProgressLine {
        ProgressLine(title: title, progress: state.progress, rate: state.rate, text: console.humanText)
    }
}
