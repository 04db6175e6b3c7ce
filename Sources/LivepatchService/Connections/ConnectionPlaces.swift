import LivepatchKit
import Metrics
import NIOCore
import Synchronization

/// The places for connections. Who comes when there is none gets that of a connection that no request is under way on.
final class ConnectionPlaces: Sendable {
    /// One connection's.
    final class Place: Sendable {
        fileprivate let channel: any Channel
        /// `nil` for one whose number is not bounded.
        fileprivate let address: AddressGroup?
        /// Whether no request is under way.
        let isIdle = Atomic(true)

        fileprivate init(_ channel: any Channel, address: AddressGroup?) {
            self.channel = channel
            self.address = address
        }
    }

    private struct State {
        var places: [Place] = []
        var indices: [ObjectIdentifier: Int] = [:]
        var addresses: [AddressGroup: Int] = [:]
        /// Where the search for an idle connection goes on.
        var cursor = 0
    }

    /// How many connections are looked at for an idle one.
    private static let searchLimit = 64

    static let ended = "livepatch_server_connections_ended_total"

    private let metrics: any MetricsFactory
    private let total: Int
    private let perAddress: Int
    private let addresses: ClientAddresses
    private let state = Mutex(State())

    /// - Parameters:
    ///   - perAddress: 0 for any number.
    ///   - addresses: know the proxies, which may have any number.
    ///   - metrics: where it is counted what is ended.
    init(total: Int, perAddress: Int, addresses: ClientAddresses, metrics: any MetricsFactory) {
        self.metrics = metrics
        self.total = max(1, total)
        self.perAddress = perAddress
        self.addresses = addresses
        for verdict in ConnectionWatch.Verdict.allCases where verdict != .idle { ended(verdict.rawValue).increment(by: 0) }
        ended(Self.tooMany).increment(by: 0)
    }

    private static let tooMany = "too-many"

    private func ended(_ reason: String) -> Counter {
        Counter(label: Self.ended, dimensions: [("reason", reason)], factory: metrics)
    }

    /// Counts a connection that is ended before its client has ended it.
    func noteEnd(_ reason: String) {
        ended(reason).increment()
    }

    /// How many connections there are.
    var count: Int { state.withLock { $0.places.count } }

    /// Finds a place for a new connection, until that is closed.
    /// - Returns: `nil` if there is none.
    func open(_ channel: any Channel) -> Place? {
        let place = Place(channel, address: perAddress > 0 ? addresses.boundedPeer(of: channel) : nil)
        var evicted: Place?
        let isOpen = state.withLock { state in
            if let address = place.address, state.addresses[address, default: 0] >= perAddress { return false }
            if state.places.count >= total {
                guard let idle = Self.idle(&state) else { return false }
                Self.remove(idle, &state)
                evicted = idle
            }
            state.indices[ObjectIdentifier(place)] = state.places.count
            state.places.append(place)
            if let address = place.address { state.addresses[address, default: 0] += 1 }
            return true
        }
        evicted?.channel.close(promise: nil)
        if evicted != nil || !isOpen { noteEnd(Self.tooMany) }
        guard isOpen else { return nil }
        channel.closeFuture.whenComplete { [weak self] _ in self?.state.withLock { Self.remove(place, &$0) } }
        return place
    }

    private static func idle(_ state: inout State) -> Place? {
        for _ in 0..<min(searchLimit, state.places.count) {
            state.cursor = (state.cursor + 1) % state.places.count
            if state.places[state.cursor].isIdle.load(ordering: .relaxed) { return state.places[state.cursor] }
        }
        return nil
    }

    /// The last one moves to where it was.
    private static func remove(_ place: Place, _ state: inout State) {
        guard let index = state.indices.removeValue(forKey: ObjectIdentifier(place)) else { return }
        let last = state.places.removeLast()
        if index < state.places.count {
            state.places[index] = last
            state.indices[ObjectIdentifier(last)] = index
        }
        guard let address = place.address else { return }
        let left = state.addresses[address, default: 1] - 1
        state.addresses[address] = left > 0 ? left : nil
    }
}
