/// How long metadata is good from the moment at which it is signed, in days.
public struct Lifetimes: Sendable, Equatable {
    public var root = 365
    public var targets = 90
    public var snapshot = 7
    public var timestamp = 1

    public init() {}

    public init(root: Int, targets: Int, snapshot: Int, timestamp: Int) {
        self.root = root
        self.targets = targets
        self.snapshot = snapshot
        self.timestamp = timestamp
    }
}
