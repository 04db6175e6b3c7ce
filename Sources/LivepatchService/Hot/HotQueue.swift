import FoundationEssentials
import LivepatchKit
import NIOCore

/// The requests of one thread's connections that wait to be answered by a ``HotAnswers``: all that have come at the same time are
/// answered as of one revision, which is read after the last of them came.
final class HotQueue: Sendable {
    private struct State {
        var waiting: [HotHandler] = []
        var date: (text: String, second: Int64) = ("", .min)

        /// The current time for the field `Date`, which is made once a second.
        mutating func currentDate() -> String {
            let now = Date()
            let second = Int64(now.timeIntervalSince1970)
            if second != date.second { date = (HTTPDate.text(now), second) }
            return date.text
        }
    }

    private let eventLoop: any EventLoop
    private let state: NIOLoopBoundBox<State>

    /// - Parameter eventLoop: the thread's.
    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        state = NIOLoopBoundBox(State(), eventLoop: eventLoop)
    }

    /// Has a request answered as soon as all that has come is here.
    func add(_ handler: HotHandler, _ answers: HotAnswers) {
        state.value.waiting.append(handler)
        guard state.value.waiting.count == 1 else { return }
        // After all that the system has reported this time.
        eventLoop.execute { self.answer(answers) }
    }

    private func answer(_ answers: HotAnswers) {
        let waiting = state.value.waiting
        state.value.waiting = []
        let revision = answers.revision.revisionAtOnce()
        let date = state.value.currentDate()
        for handler in waiting { handler.answer(as: revision, date: date) }
    }
}
