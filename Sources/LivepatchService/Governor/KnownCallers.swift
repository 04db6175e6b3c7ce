import Caching
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Remembers which credentials were good lately, so that whoever shows one of them has a turn of their own before it is looked at again.
///
/// It is no judge of credentials: whoever is taken for an administrator here still has to pass the ``EntryGate``. Credentials are kept as
/// hashes under a key that the process has for itself.
final class KnownCallers: Sendable {
    private let addresses: ClientAddresses
    private struct State {
        /// Those who are few have a memory of their own, so that no number of machines makes them be forgotten.
        var few: LeastRecentlyUsed<Int, CallerKind>
        var machines: LeastRecentlyUsed<Int, CallerKind>
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - addresses: tell where a request comes from.
    ///   - capacity: how many machines are remembered, and how many of all others.
    init(_ addresses: ClientAddresses, capacity: Int = 65_536) {
        self.addresses = addresses
        state = Mutex(
            State(few: LeastRecentlyUsed(capacity: capacity), machines: LeastRecentlyUsed(capacity: capacity)))
    }

    /// Who seems to ask.
    /// - Returns: whether the credential is known, besides.
    func visitor(_ request: Request, from channel: any Channel, to entry: EntryGate.Entry) -> (visitor: Visitor, isKnown: Bool) {
        if let known = Self.key(request).flatMap(visitor) { return (known, true) }
        let address = AddressGroup(addresses.address(of: request, on: channel))
        return (Visitor(kind: Self.kind(request, entry), key: address.hashValue), false)
    }

    /// Who asks with a credential that is known; `nil` if it is not.
    /// - Parameter key: see ``key(_:)``.
    func visitor(_ key: Int) -> Visitor? {
        state.withLock { $0.few.value(for: key) ?? $0.machines.value(for: key) }.map { Visitor(kind: $0, key: key) }
    }

    /// A credential was good.
    func accept(_ request: Request, as kind: CallerKind) {
        guard let key = Self.key(request) else { return }
        state.withLock { state in
            if kind == .machines {
                _ = state.machines.insert(kind, for: key)
            } else {
                _ = state.few.insert(kind, for: key)
            }
        }
    }

    /// A credential is good no more.
    func forget(_ request: Request) {
        guard let key = Self.key(request) else { return }
        state.withLock { state in
            _ = state.few.remove(key)
            _ = state.machines.remove(key)
        }
    }

    /// What whoever is not known seems to be. The herd is to meet nobody but itself: so what machines ask is a machine's, unless it says
    /// that it comes from a server.
    private static func kind(_ request: Request, _ entry: EntryGate.Entry) -> CallerKind {
        switch entry {
        case .machines: .machines
        case .viewers, .downloaders: EntryGate.deployment(request) == nil ? .machines : .strangers
        case .everybody:
            request.uri.path.hasPrefix("/v1/client/") || request.uri.path == Paths.kernelsSupported ? .machines : .strangers
        case .administrators, .downstreams: .strangers
        }
    }

    private static func key(_ request: Request) -> Int? { request.headers[.authorization].map(key) }

    /// What stands for a credential here.
    /// - Parameter authorization: the `Authorization` field.
    static func key(_ authorization: String) -> Int { authorization.hashValue }
}

extension Caller {
    /// The kind that it is of.
    var kind: CallerKind {
        switch self {
        case .administrator: .administrators
        case .downstream: .downstreams
        case .machine: .machines
        }
    }
}
