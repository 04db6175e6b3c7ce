import Dispatch
import Synchronization

/// A few threads for calls that wait for a medium, so that they do not hold up the threads that everything else runs on.
final class BlockingLanes: Sendable {
    private let lanes: [Lane]
    private let next = Atomic<Int>(0)

    /// - Parameter count: how many calls may wait at the same time.
    init(_ label: String, count: Int) {
        lanes = (0..<max(1, count)).map { Lane("\(label).\($0)") }
    }

    /// A lane; the same one again after all others have been given out.
    func lane() -> Lane {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return lanes[Int(UInt(bitPattern: number) % UInt(lanes.count))]
    }

    /// Runs a call on some lane.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await lane().run(body)
    }
}

/// One of them: calls run one after the other, in the order of their coming.
struct Lane: Sendable {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label) }

    /// Begins a call, and does not wait for it.
    func start(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    /// Runs a call; what it throws of ``FileFault`` is put into words.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Self.result(body)) }
        }
    }

    /// What becomes of a call; what it throws of ``FileFault`` is put into words.
    static func result<Value>(_ body: () throws -> Value) -> Result<Value, any Error> {
        Result {
            do {
                return try body()
            } catch let fault as FileFault {
                throw fault.error
            }
        }
    }
}
