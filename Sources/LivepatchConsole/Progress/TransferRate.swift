/// How fast bytes move, over the last few seconds. What was there at the first look does not count: nobody moved it now.
public struct TransferRate: Sendable {
    private struct Look {
        let time: Duration
        let bytes: Int64
    }

    private let window: Duration
    private var looks: [Look] = []

    /// - Parameter window: how far back it looks.
    public init(window: Duration = .seconds(10)) { self.window = window }

    /// Notes how many bytes have been moved.
    /// - Parameter time: since any fixed moment; never less than before.
    public mutating func note(_ bytes: Int64, at time: Duration) {
        if let last = looks.last, bytes < last.bytes { looks = [] }
        looks.append(Look(time: time, bytes: bytes))
        // One look from before the window stays, to measure from.
        while looks.count > 2, looks[1].time + window <= time { looks.removeFirst() }
    }

    /// In bytes per second; `nil` as long as nothing has moved or no time has passed.
    public var bytesPerSecond: Double? {
        guard let first = looks.first, let last = looks.last else { return nil }
        let seconds = (last.time - first.time) / .seconds(1)
        guard seconds > 0.05, last.bytes > first.bytes else { return nil }
        return Double(last.bytes - first.bytes) / seconds
    }

    /// In seconds, at this rate; `nil` if there is no telling.
    public func remaining(bytes: Int64) -> Double? {
        bytesPerSecond.map { Double(max(0, bytes)) / $0 }
    }
}
