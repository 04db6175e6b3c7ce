import Synchronization

/// What an upstream said last of how far it is behind the origin.
public final class AnnouncedLag: Sendable {
    private let value = Mutex<Int64?>(nil)

    public init() {}

    /// In seconds; `nil` if the last head came without.
    public var seconds: Int64? { value.withLock { $0 } }

    /// Takes what a head's answer says. What is not a sensible number of seconds counts as nothing.
    func note(_ field: String?) {
        let seconds = field.flatMap { Int64($0) }.flatMap { (0...1_000_000_000_000).contains($0) ? $0 : nil }
        value.withLock { $0 = seconds }
    }
}
