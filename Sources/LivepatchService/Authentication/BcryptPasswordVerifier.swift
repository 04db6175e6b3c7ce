public import LivepatchKit

/// Checks passwords against bcrypt hashes, a few at a time, on threads that may block: however many strangers try to log in, the
/// server goes on serving.
public struct BcryptPasswordVerifier: PasswordVerifier {
    private let turns: Turns

    /// - Parameter concurrency: how many passwords are checked at the same time; the others wait.
    public init(concurrency: Int = 2) { turns = Turns(concurrency) }

    public func verify(_ password: String, against hash: String) async -> Bool {
        await turns.take()
        let matches = try? await BlockingWork.run { BcryptHash.verify(password, against: hash) }
        await turns.giveBack()
        return matches ?? false
    }
}

/// A number of turns, which are taken in the order of asking.
actor Turns {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = max(1, count) }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
