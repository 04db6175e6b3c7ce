import FoundationEssentials
import LivepatchKit
import NIOCore

/// The requests of one thread's connections that wait to be answered by a ``HotAnswers``: all that have come at the same time are
/// answered as of one revision, which is read after the last of them came.
final class HotQueue: Sendable {
    /// Used on one thread.
    private final class Work {
        var waiting: [HotHandler] = []
        /// The field `Date`, and the end of the head.
        var date: (end: ByteBuffer, second: Int64) = (ByteBuffer(), .min)
        /// Answers are put together here, one after the other.
        var room = ByteBuffer()

        /// Has the field say the current time; it is made once a second.
        func tick() {
            let now = Date()
            let second = Int64(now.timeIntervalSince1970)
            guard second != date.second else { return }
            var end = ByteBuffer()
            end.writeField("Date", HTTPDate.text(now))
            end.writeStaticString("\r\n")
            date = (end, second)
        }
    }

    private let eventLoop: any EventLoop
    private let work: NIOLoopBound<Work>

    /// - Parameter eventLoop: the thread's.
    init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        work = NIOLoopBound(Work(), eventLoop: eventLoop)
    }

    /// Has a request answered as soon as all that has come is here.
    func add(_ handler: HotHandler, _ answers: HotAnswers) {
        let work = work.value
        work.waiting.append(handler)
        guard work.waiting.count == 1 else { return }
        // After all that the system has reported this time.
        eventLoop.execute { self.answer(answers) }
    }

    private func answer(_ answers: HotAnswers) {
        let work = work.value
        let waiting = work.waiting
        work.waiting = []
        let revision = answers.revision.revisionAtOnce()
        work.tick()
        for handler in waiting { handler.answer(as: revision, self) }
    }

    /// The whole head of an answer, and its body if that is short: to write two buffers costs more than to copy one.
    /// - Parameters:
    ///   - head: all of it but the date and the empty line.
    ///   - body: `nil` for one that is written by itself.
    func beginning(_ head: ByteBuffer, _ body: ByteBuffer?) -> ByteBuffer {
        let work = work.value
        // What was written has mostly left, and then this takes no memory. Where it has not, each answer takes as much as it has to.
        work.room.clear(minimumCapacity: head.readableBytes + work.date.end.readableBytes + (body?.readableBytes ?? 0))
        work.room.writeImmutableBuffer(head)
        work.room.writeImmutableBuffer(work.date.end)
        if let body { work.room.writeImmutableBuffer(body) }
        return work.room
    }
}
