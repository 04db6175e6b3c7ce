public import LivepatchKit
import Synchronization

/// The administrators of the configuration, which may change while the server runs.
public final class ConfiguredAccounts: Sendable {
    private let value: Mutex<[Account]>

    public init(_ accounts: [Account]) { value = Mutex(accounts) }

    public var accounts: [Account] {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
