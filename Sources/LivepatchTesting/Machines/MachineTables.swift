import FoundationEssentials
import LivepatchKit

/// An auth token as an ``InMemoryDatabase`` has it. A secret's hash is unique, as an id is not among revoked tokens.
struct StoredAuthToken: Sendable {
    var token: AuthToken
    var hash: SHA256Digest { token.hash }
}

/// A machine; whose token it has is looked up when it is read.
struct StoredMachine: Sendable {
    var machine: Machine
    /// The auth token that it registered with last.
    var authToken: SHA256Digest
    /// Whether it has a token.
    var isAttached = true
}

struct StoredMachineToken: Sendable {
    /// Grows from token to token.
    let number: Int64
    let machine: HashedMachineID
    let authToken: SHA256Digest
    let issued: Date
}

extension Tables {
    func authToken(_ hash: SHA256Digest) -> AuthToken? { authTokens.first { $0.hash == hash }?.token }

    func unrevokedAuthToken(_ id: String) -> Int? { authTokens.firstIndex { $0.token.id == id && $0.token.revoked == nil } }

    /// Moves an unrevoked auth token to its new tier.
    mutating func writeTier(of token: AuthToken) {
        if let index = unrevokedAuthToken(token.id) { authTokens[index].token.tier = token.tier }
    }

    /// How many machines hang on an auth token.
    func attached(_ authToken: SHA256Digest) -> Int {
        machines.values.count { $0.isAttached && $0.authToken == authToken }
    }

    /// A machine with what its auth token says by now.
    func machine(_ id: HashedMachineID) -> Machine? {
        guard let stored = machines[id], let token = authToken(stored.authToken) else { return nil }
        var machine = stored.machine
        machine.authToken = token.id
        machine.tier = token.tier
        return machine
    }

    /// A machine's tokens with their hashes, the newest first.
    func tokens(of machine: HashedMachineID) -> [(hash: SHA256Digest, token: StoredMachineToken)] {
        machineTokens.filter { $0.value.machine == machine }.sorted { $0.value.number > $1.value.number }
            .map { ($0.key, $0.value) }
    }
}
