import NIOCore

/// Watches over the pace of one connection: what happens goes in with its time, and what is too slow comes out. It does nothing itself.
///
/// Only waiting for the client counts. While the server does not read, or has not said yet that it wants a body, nobody is slow.
struct ConnectionWatch {
    /// What a client did not do in time.
    enum Verdict: String, Hashable, CaseIterable {
        /// No request came on the connection.
        case idle
        /// A request's header did not come to its end.
        case slowHeader = "slow-header"
        /// A body came too slowly.
        case slowBody = "slow-body"
        /// The answer has not begun; that is the server's fault.
        case noAnswer = "no-answer"
        /// What is to be sent is not taken fast enough, as far as this process can see: the system may know better.
        case slowReader = "slow-reader"
        /// Too much has come, or for too long, of a body that nobody wants.
        case unwantedBody = "unwanted-body"
    }

    private enum Reception {
        /// No part of a request has come since then.
        case between(since: NIODeadline)
        /// A part of a request's header has come; or, at the connection's beginning, nothing yet.
        case header(since: NIODeadline)
        case body
    }

    /// A time in which so many bytes have to move.
    private struct Window {
        var bytes = 0
        /// How much of it had passed when it was last halted, and since when it goes on.
        var passed = TimeAmount.zero
        var running: NIODeadline?

        func elapsed(at now: NIODeadline) -> TimeAmount { passed + (running.map { now - $0 } ?? .zero) }

        mutating func halt(at now: NIODeadline) {
            passed = elapsed(at: now)
            running = nil
        }
    }

    private let limits: ConnectionLimits
    private let headerTime: TimeAmount
    private let idleTime: TimeAmount
    private let answerTime: TimeAmount
    private let window: TimeAmount
    private let bytesInWindow: Int

    private var reception: Reception
    /// Whether the first byte has come.
    private var hasBegun = false
    /// Whether the rest of the body has to be sent without being asked for.
    private var isBodyWanted = true
    private var isReading = true
    private var body = Window()
    /// Requests whose answer has not ended.
    private(set) var unanswered = 0
    private(set) var isAnswering = false
    /// Whether a request waits for something to happen that is to be answered.
    private var isAside = false
    /// The last time that something happened after which an answer may be waited for.
    private var lastStep: NIODeadline
    /// What came of the body since the answer ended.
    private var unwanted: (bytes: Int, since: NIODeadline)?
    /// What has been written of answers and has not been taken yet.
    private var answer: (since: NIODeadline, taken: Int)?

    init(_ limits: ConnectionLimits, at now: NIODeadline) {
        self.limits = limits
        headerTime = TimeAmount(limits.headerTime)
        idleTime = TimeAmount(limits.idleTime)
        answerTime = TimeAmount(limits.answerTime)
        window = TimeAmount(limits.rateWindow)
        bytesInWindow = max(1, Int(Double(limits.minimumRate) * Double(window.nanoseconds) / 1e9))
        reception = .header(since: now)
        lastStep = now
    }

    /// Whether no request is under way, so that nothing is lost if the connection ends.
    var isIdle: Bool {
        guard unanswered == 0 else { return false }
        return switch reception {
        case .between: true
        case .header: !hasBegun
        case .body: false
        }
    }

    /// Whether nothing has come at all.
    var isSilent: Bool { !hasBegun }

    // MARK: What happens

    /// Some bytes have come.
    mutating func received(_ count: Int, at now: NIODeadline) {
        hasBegun = true
        switch reception {
        case .between: reception = .header(since: now)
        case .header: break
        case .body:
            body.bytes += count
            unwanted?.bytes += count
        }
    }

    /// All that had come has been looked at.
    mutating func paused(at now: NIODeadline) {
        isReading = false
        body.halt(at: now)
    }

    /// The server wants more.
    mutating func reads(at now: NIODeadline) {
        isReading = true
        if case .body = reception, isBodyWanted, body.running == nil { body.running = now }
    }

    /// A request's header is complete.
    /// - Parameter expects: whether the client waits to be told to send the body.
    mutating func headerEnded(expects: Bool, at now: NIODeadline) {
        reception = .body
        isBodyWanted = !expects
        body = Window(running: isReading && !expects ? now : nil)
        unanswered += 1
        unwanted = nil
        lastStep = now
    }

    /// A piece of a body is here, or the client has been told to send it.
    mutating func bodyMoves(at now: NIODeadline) {
        lastStep = now
        guard !isBodyWanted else { return }
        isBodyWanted = true
        if isReading { body.running = now }
    }

    /// A request is complete.
    mutating func requestEnded(at now: NIODeadline) {
        reception = .between(since: now)
        unwanted = nil
        lastStep = now
    }

    /// An answer begins.
    /// - Parameter taken: how many bytes have been sent before it.
    mutating func answerBegins(at now: NIODeadline, taken: Int) {
        isAnswering = true
        answer = (now, taken)
    }

    /// The whole of an answer has been written.
    mutating func answerEnded(at now: NIODeadline) {
        isAnswering = false
        unanswered = max(0, unanswered - 1)
        lastStep = now
        switch reception {
        case .between: reception = .between(since: now)
        case .header where unanswered == 0: reception = .header(since: now)
        case .body where unanswered == 0: unwanted = (0, now)
        case .header, .body: break
        }
    }

    /// A request begins to wait for something to happen, or ends that.
    mutating func setAside(_ isAside: Bool, at now: NIODeadline) {
        self.isAside = isAside
        lastStep = now
    }

    // MARK: What is too slow

    /// When ``verdict(at:pending:taken:)`` is to be asked next.
    var deadline: NIODeadline {
        var next = NIODeadline.distantFuture
        if unanswered == 0 {
            switch reception {
            case .between(let since): next = since + idleTime
            case .header(let since): next = since + headerTime
            case .body: break
            }
        } else if !isAnswering, !isAside {
            next = lastStep + answerTime
        }
        if limits.minimumRate > 0 {
            if case .body = reception, let running = body.running { next = min(next, running + window - body.passed) }
            if let answer { next = min(next, answer.since + window) }
        }
        if let unwanted { next = min(next, unwanted.since + TimeAmount(limits.discardTime)) }
        return next
    }

    /// What is too slow now.
    /// - Parameters:
    ///   - pending: how many bytes wait in this process to be sent.
    ///   - taken: how many bytes have been sent in all.
    mutating func verdict(at now: NIODeadline, pending: Int, taken: Int) -> Verdict? {
        if unanswered == 0 {
            switch reception {
            case .between(let since) where now >= since + idleTime:
                if pending == 0 { return .idle }
                reception = .between(since: now)
            case .header(let since) where now >= since + headerTime: return .slowHeader
            case .between, .header, .body: break
            }
        } else if !isAnswering, !isAside, now >= lastStep + answerTime {
            return .noAnswer
        }
        if isDiscardingTooMuch(at: now) { return .unwantedBody }
        guard limits.minimumRate > 0 else { return nil }
        if case .body = reception, body.elapsed(at: now) >= window {
            if body.bytes < bytesInWindow { return .slowBody }
            body = Window(running: body.running.map { _ in now })
        }
        if let answer, now >= answer.since + window {
            if pending == 0 {
                self.answer = isAnswering ? (now, taken) : nil
            } else {
                self.answer = (now, taken)
                if taken - answer.taken < bytesInWindow { return .slowReader }
            }
        }
        return nil
    }

    /// Whether the rest of a body that nobody wants has come for long enough.
    func isDiscardingTooMuch(at now: NIODeadline) -> Bool {
        guard let unwanted else { return false }
        return unwanted.bytes > limits.discardBytes || now >= unwanted.since + TimeAmount(limits.discardTime)
    }

    /// How many bytes have to move in a window.
    var demand: Int { bytesInWindow }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(seconds, 36_525 * 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
