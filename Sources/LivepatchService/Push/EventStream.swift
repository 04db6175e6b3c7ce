import LivepatchKit
import Synchronization

/// An answer that announces changes for as long as it lasts, and what it holds on to meanwhile.
struct EventStream: Sendable {
    /// What is to be announced.
    let news: News
    /// Has it be told.
    let listening: ViewWatch.Listening
    /// Its place among the requests that wait; `nil` for one that does not count.
    let seat: Turn.Seat?
    /// When it ends at the latest.
    let end: ContinuousClock.Instant

    /// The newest tag of a view until it is taken by whoever announces it, who therefore misses those that are out of date if that is slow.
    final class News: ViewListener {
        private struct State {
            var tag: String?
            var isOver = false
            /// Whether the one who announces it has been told of something that was not taken yet.
            var isCalled = false
            var call: (@Sendable () -> Void)?

            /// - Returns: what is to be called, if anybody is.
            mutating func calling() -> (@Sendable () -> Void)? {
                guard let call, !isCalled else { return nil }
                isCalled = true
                return call
            }
        }

        private let state = Mutex(State())

        func hear(_ tag: String) {
            state.withLock { state in
                state.tag = tag
                return state.calling()
            }?()
        }

        func end() {
            state.withLock { state in
                state.isOver = true
                return state.calling()
            }?()
        }

        /// - Parameter call: called when there is something to take, and not again before it was taken.
        func onArrival(_ call: @escaping @Sendable () -> Void) {
            state.withLock { state in
                state.call = call
                return state.tag != nil || state.isOver ? state.calling() : nil
            }?()
        }

        /// - Returns: a tag that has not been taken, and whether there will be no more.
        func take() -> (tag: String?, isOver: Bool) {
            state.withLock { state in
                defer {
                    state.tag = nil
                    state.isCalled = false
                }
                return (state.tag, state.isOver)
            }
        }

        /// Nobody takes anything any more.
        func abandon() { state.withLock { $0 = State(isOver: true) } }
    }
}
