public import LivepatchKit
import Synchronization

/// A bundle in memory, whose members can be changed and taken away.
public final class InMemoryBundle: BundleSink {
    private struct State {
        var order: [String] = []
        var members: [String: [UInt8]] = [:]
        var isFinished = false
    }

    private let state = Mutex(State())

    public init() {}

    /// All members' names, in order.
    public var names: [String] { state.withLock { $0.order } }

    /// Whether its end was written.
    public var isFinished: Bool { state.withLock { $0.isFinished } }

    /// A member's bytes; `nil` takes it away.
    public subscript(_ name: String) -> [UInt8]? {
        get { state.withLock { $0.members[name] } }
        set {
            state.withLock { state in
                if newValue == nil { state.order.removeAll { $0 == name } }
                if newValue != nil, state.members[name] == nil { state.order.append(name) }
                state.members[name] = newValue
            }
        }
    }

    public func begin(_ name: String, length: Int64) async throws { self[name] = [] }

    public func append(_ bytes: [UInt8]) async throws {
        state.withLock { state in
            if let name = state.order.last { state.members[name, default: []] += bytes }
        }
    }

    public func finish() async throws { state.withLock { $0.isFinished = true } }

    /// The bundle as it is now, to be read.
    public func archive() -> any BundleArchive {
        state.withLock { Archive(first: $0.order.first, members: $0.members) }
    }

    private struct Archive: BundleArchive {
        let first: String?
        let members: [String: [UInt8]]

        var lengths: [String: Int64] { members.mapValues { Int64($0.count) } }

        func read(_ name: String, at offset: Int64, count: Int) throws -> [UInt8] {
            try InMemoryContentReader(bytes: members[name] ?? []).read(at: offset, count: count)
        }
    }
}
