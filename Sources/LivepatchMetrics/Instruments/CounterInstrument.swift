import CoreMetrics

/// A number that grows. Whole numbers are exact up to 2⁵³.
final class CounterInstrument: Instrument, CounterHandler, FloatingPointCounterHandler {
    private let number = AtomicDouble()

    var reading: Reading { .value(number.value) }

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    /// What would make it smaller, or is no number, is left out.
    func increment(by amount: Double) {
        if amount > 0, amount.isFinite { number.add(amount) }
    }

    func reset() { number.set(0) }
}
