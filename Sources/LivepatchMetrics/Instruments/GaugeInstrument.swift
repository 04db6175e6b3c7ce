import CoreMetrics

/// A number that goes up and down.
final class GaugeInstrument: Instrument, RecorderHandler, MeterHandler {
    private let number = AtomicDouble()

    var reading: Reading { .value(number.value) }

    func record(_ value: Int64) { number.set(Double(value)) }
    func record(_ value: Double) { number.set(value) }
    func set(_ value: Int64) { number.set(Double(value)) }
    func set(_ value: Double) { number.set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
}
