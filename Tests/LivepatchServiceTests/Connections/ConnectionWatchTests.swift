import NIOCore
import Testing

@testable import LivepatchService

@Suite("The pace of a connection") struct ConnectionWatchTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// 10 s for a header, 75 s idle, 300 s for an answer, 100 bytes a second over 60 s.
    private func watch() -> ConnectionWatch {
        var limits = ConnectionLimits()
        limits.minimumRate = 100
        limits.discardBytes = 1000
        return ConnectionWatch(limits, at: start)
    }

    private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    /// A whole request comes at once.
    private func request(_ watch: inout ConnectionWatch, at second: Int64) {
        watch.received(100, at: at(second))
        watch.headerEnded(expects: false, at: at(second))
        watch.requestEnded(at: at(second))
    }

    private func answer(_ watch: inout ConnectionWatch, at second: Int64) {
        watch.answerBegins(at: at(second), taken: 0)
        watch.answerEnded(at: at(second))
    }

    @Test func `a header has its time from the connection's beginning, and then from its first byte`() {
        var watch = watch()
        #expect(watch.deadline == at(10))
        #expect(watch.isSilent && watch.isIdle)
        watch.received(5, at: at(9))
        #expect(!watch.isIdle)
        #expect(watch.verdict(at: at(9), pending: 0, taken: 0) == nil)
        #expect(watch.verdict(at: at(10), pending: 0, taken: 0) == .slowHeader, "a byte now and then gains no time")

        watch = self.watch()
        request(&watch, at: 1)
        answer(&watch, at: 2)
        #expect(watch.deadline == at(62), "that is when the answer is looked at")
        watch.received(1, at: at(50))
        #expect(watch.deadline == at(60))
        #expect(watch.verdict(at: at(60), pending: 0, taken: 0) == .slowHeader)
    }

    @Test func `a connection is idle from the end of the last answer`() {
        var watch = watch()
        request(&watch, at: 0)
        #expect(!watch.isIdle)
        #expect(watch.verdict(at: at(100), pending: 0, taken: 0) == nil, "it is the server's turn")
        answer(&watch, at: 100)
        #expect(watch.isIdle)
        #expect(watch.verdict(at: at(174), pending: 0, taken: 0) == nil)
        #expect(watch.verdict(at: at(175), pending: 0, taken: 0) == .idle)
    }

    @Test func `an answer that does not begin is the server's fault, and one that goes on is none`() {
        var watch = watch()
        request(&watch, at: 0)
        #expect(watch.deadline == at(300))
        #expect(watch.verdict(at: at(300), pending: 0, taken: 0) == .noAnswer)
        watch.answerBegins(at: at(301), taken: 0)
        #expect(watch.verdict(at: at(3000), pending: 0, taken: 0) == nil)
    }

    @Test func `a body has to come at its pace, in every minute`() {
        var watch = watch()
        watch.received(100, at: at(0))
        watch.headerEnded(expects: false, at: at(0))
        watch.received(6000, at: at(59))
        #expect(watch.verdict(at: at(60), pending: 0, taken: 0) == nil)
        watch.received(5999, at: at(100))
        #expect(watch.deadline == at(120))
        #expect(watch.verdict(at: at(119), pending: 0, taken: 0) == nil)
        #expect(watch.verdict(at: at(120), pending: 0, taken: 0) == .slowBody)
    }

    @Test func `time in which the server does not read is not the client's`() {
        var watch = watch()
        watch.received(100, at: at(0))
        watch.headerEnded(expects: false, at: at(0))
        watch.paused(at: at(30))
        watch.bodyMoves(at: at(200))
        #expect(watch.verdict(at: at(200), pending: 0, taken: 0) == nil)
        watch.reads(at: at(200))
        #expect(watch.deadline == at(230))
        #expect(watch.verdict(at: at(229), pending: 0, taken: 0) == nil)
        #expect(watch.verdict(at: at(230), pending: 0, taken: 0) == .slowBody)
    }

    @Test func `who waits to be asked for a body is not slow`() {
        var watch = watch()
        watch.received(100, at: at(0))
        watch.headerEnded(expects: true, at: at(0))
        #expect(watch.verdict(at: at(200), pending: 0, taken: 0) == nil)
        watch.bodyMoves(at: at(200))
        #expect(watch.verdict(at: at(259), pending: 0, taken: 0) == nil)
        #expect(watch.verdict(at: at(260), pending: 0, taken: 0) == .slowBody)
    }

    @Test func `a body that nobody wants is taken for a while`() {
        var watch = watch()
        watch.received(100, at: at(0))
        watch.headerEnded(expects: false, at: at(0))
        answer(&watch, at: 1)
        #expect(!watch.isIdle)
        watch.received(1000, at: at(2))
        #expect(watch.verdict(at: at(2), pending: 0, taken: 0) == nil)
        #expect(watch.deadline == at(31))
        #expect(watch.verdict(at: at(31), pending: 0, taken: 0) == .unwantedBody)
        watch.received(1, at: at(3))
        #expect(watch.verdict(at: at(3), pending: 0, taken: 0) == .unwantedBody)
        watch.requestEnded(at: at(3))
        #expect(watch.verdict(at: at(3), pending: 0, taken: 0) == nil)
    }

    @Test func `an answer has to be taken at its pace, as long as there is something to take`() {
        var watch = watch()
        request(&watch, at: 0)
        watch.answerBegins(at: at(0), taken: 500)
        #expect(watch.deadline == at(60))
        #expect(watch.verdict(at: at(60), pending: 0, taken: 500) == nil, "nothing waits to be taken")
        #expect(watch.verdict(at: at(120), pending: 1000, taken: 6500) == nil)
        #expect(watch.verdict(at: at(180), pending: 1000, taken: 12_499) == .slowReader)
        watch.answerEnded(at: at(190))
        #expect(watch.verdict(at: at(240), pending: 1000, taken: 12_499) == .slowReader, "whether it has been written or not")
        #expect(watch.verdict(at: at(300), pending: 0, taken: 13_499) == .idle)
    }

    @Test func `without a rate nobody is slow once a request has begun`() {
        var limits = ConnectionLimits()
        limits.minimumRate = 0
        var watch = ConnectionWatch(limits, at: start)
        watch.received(100, at: at(0))
        watch.headerEnded(expects: false, at: at(0))
        #expect(watch.verdict(at: at(299), pending: 0, taken: 0) == nil)
        watch.answerBegins(at: at(299), taken: 0)
        #expect(watch.deadline == .distantFuture)
        #expect(watch.verdict(at: at(9000), pending: 5, taken: 0) == nil)
    }

    @Test func `while a request waits for a change, nobody waits for its answer`() {
        var watch = watch()
        request(&watch, at: 0)
        #expect(watch.deadline == at(300))
        watch.setAside(true, at: at(1))
        #expect(watch.deadline == .distantFuture)
        #expect(watch.verdict(at: at(9000), pending: 0, taken: 0) == nil)
        #expect(!watch.isIdle)
        watch.setAside(false, at: at(9000))
        #expect(watch.deadline == at(9300))
        #expect(watch.verdict(at: at(9300), pending: 0, taken: 0) == .noAnswer)
    }
}
