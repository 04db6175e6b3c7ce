import FoundationEssentials
import LivepatchKit
import Testing

/// Somebody guesses; the owner wants to get in.
@Suite struct LoginLockoutTests {
    private let home = AddressGroup(IPAddress("198.51.100.1"))
    private let elsewhere = AddressGroup(IPAddress("203.0.113.9"))
    private let start = Date(timeIntervalSince1970: 1_750_000_000)

    private func after(_ seconds: TimeInterval) -> Date { start.addingTimeInterval(seconds) }

    /// Fails once.
    /// - Returns: how long the attempt was refused; 0 if the password was looked at.
    @discardableResult private func fail(
        _ lockout: inout LoginLockout, _ user: String = "admin", from address: AddressGroup, at time: Date
    ) -> TimeInterval {
        switch lockout.begin(user, from: address, at: time) {
        case .admitted(let attempt):
            _ = lockout.failed(attempt, at: time)
            return 0
        case .refused(let seconds): return seconds
        case .later:
            Issue.record("there is nobody to wait for")
            return 0
        }
    }

    /// - Returns: whether the owner, who knows the password, got in.
    private func succeed(
        _ lockout: inout LoginLockout, _ user: String = "admin", from address: AddressGroup, at time: Date
    ) -> Bool {
        guard case .admitted(let attempt) = lockout.begin(user, from: address, at: time) else { return false }
        lockout.succeeded(attempt, at: time)
        return true
    }

    private func number(_ index: Int) -> AddressGroup {
        AddressGroup(IPAddress("10.\(index >> 16 & 255).\(index >> 8 & 255).\(index & 255)"))
    }

    @Test func `after a few failures attempts are refused, and for twice as long after each further one`() {
        var lockout = LoginLockout()
        for _ in 1...5 { #expect(fail(&lockout, from: elsewhere, at: start) == 0) }
        #expect(fail(&lockout, from: elsewhere, at: start) == 30)
        #expect(fail(&lockout, from: elsewhere, at: after(29.5)) == 0.5)
        var time = after(30)
        for delay in [60.0, 120, 240, 480, 960, 1920, 3600, 3600] {
            #expect(fail(&lockout, from: elsewhere, at: time) == 0)
            #expect(fail(&lockout, from: elsewhere, at: time) == delay)
            time += delay
        }
    }

    @Test func `of a thousand attempts at once five are let through, and the others wait until these have ended`() {
        var lockout = LoginLockout()
        func begin() -> [LoginLockout.Answer] { (0..<1000).map { _ in lockout.begin("admin", from: elsewhere, at: start) } }
        func attempts(_ answers: [LoginLockout.Answer]) -> [LoginLockout.Attempt] {
            answers.compactMap { if case .admitted(let attempt) = $0 { attempt } else { nil } }
        }
        let first = begin()
        #expect(attempts(first).count == 5)
        #expect(first.count { $0 == .later } == 995)
        let refusals = attempts(first).map { lockout.failed($0, at: start) }
        #expect(refusals == [0, 0, 0, 0, 30])
        #expect(begin().allSatisfy { $0 == .refused(30) })
        let later = (0..<1000).map { _ in lockout.begin("admin", from: elsewhere, at: after(30)) }
        #expect(attempts(later).count == 1, "after a refusal there is one at a time")
        #expect(later.count { $0 == .later } == 999)
    }

    @Test func `of attempts at many accounts at once an address has as many as it has in turn`() {
        var lockout = LoginLockout()
        var open: [LoginLockout.Attempt] = []
        for index in 0..<100 {
            if case .admitted(let attempt) = lockout.begin("user\(index)", from: elsewhere, at: start) { open.append(attempt) }
        }
        #expect(open.count == 20)
        for attempt in open { _ = lockout.failed(attempt, at: start) }
        #expect(lockout.begin("another", from: elsewhere, at: start) == .refused(30))
    }

    @Test func `any number of attempts with the right password get in, one after another as there is room`() {
        var lockout = LoginLockout()
        var open: [LoginLockout.Attempt] = []
        var admitted = 0
        for _ in 0..<1000 {
            switch lockout.begin("ci", from: elsewhere, at: start) {
            case .admitted(let attempt): open.append(attempt)
            case .later: lockout.succeeded(open.removeFirst(), at: start)
            case .refused: Issue.record("refused")
            }
            admitted = max(admitted, open.count)
        }
        #expect(admitted == 5)
        for attempt in open { lockout.succeeded(attempt, at: start) }
        #expect(lockout.tallies.isEmpty)
    }

    @Test func `an attempt that was not made counts for nothing`() {
        var lockout = LoginLockout()
        for _ in 1...100 {
            guard case .admitted(let attempt) = lockout.begin("admin", from: elsewhere, at: start) else {
                Issue.record("refused")
                return
            }
            lockout.abandoned(attempt)
        }
        #expect(lockout.tallies.isEmpty)
    }

    @Test func `who guesses from elsewhere locks nobody out`() {
        var lockout = LoginLockout()
        for second in 0..<1000 {
            fail(&lockout, from: elsewhere, at: after(Double(second)))
            if second % 100 == 0 { #expect(succeed(&lockout, from: home, at: after(Double(second)))) }
        }
        #expect(succeed(&lockout, from: number(1), at: after(1000)), "the owner on a journey")
    }

    @Test func `a crowd of addresses leaves the owner in, from a known address and from a new one`() {
        var lockout = LoginLockout()
        #expect(succeed(&lockout, from: home, at: start))
        for index in 0..<5000 { fail(&lockout, from: number(index), at: after(Double(index))) }
        #expect(succeed(&lockout, from: home, at: after(5001)))
        #expect(succeed(&lockout, from: elsewhere, at: after(5002)))
    }

    @Test func `under attack an address that is not known has fewer attempts, and a known one as many as before`() {
        var lockout = LoginLockout()
        #expect(succeed(&lockout, from: home, at: start))
        for index in 0..<100 { fail(&lockout, from: number(index), at: start) }
        #expect((1...10).filter { _ in fail(&lockout, from: elsewhere, at: start) == 0 }.count == 2)
        #expect((1...10).filter { _ in fail(&lockout, from: home, at: start) == 0 }.count == 5)
    }

    @Test func `one address does not try many accounts, and accounts that know it are not concerned`() {
        var lockout = LoginLockout()
        #expect(succeed(&lockout, "known", from: elsewhere, at: start))
        let tried = (0..<100).filter { fail(&lockout, "user\($0)", from: elsewhere, at: start) == 0 }
        #expect(tried.count == 20)
        #expect(fail(&lockout, "fresh", from: elsewhere, at: start) == 30)
        #expect(succeed(&lockout, "known", from: elsewhere, at: start))
        #expect(succeed(&lockout, "fresh", from: home, at: start))
    }

    @Test func `one good account is no licence to try others`() {
        var lockout = LoginLockout()
        var tried = 0
        for index in 0..<100 {
            _ = succeed(&lockout, "accomplice", from: elsewhere, at: start)
            if fail(&lockout, "user\(index)", from: elsewhere, at: start) == 0 { tried += 1 }
        }
        #expect(tried == 20)
    }

    @Test func `success forgives what failed for that account from that address`() {
        var lockout = LoginLockout()
        for _ in 1...10 {
            for _ in 1...4 { #expect(fail(&lockout, from: home, at: start) == 0) }
            #expect(succeed(&lockout, from: home, at: start))
        }
    }

    @Test func `all addresses of an IPv6 network are one`() {
        var lockout = LoginLockout()
        let admitted = (0..<50).filter { index in
            fail(&lockout, from: AddressGroup(IPAddress("2001:db8:1:2::\(String(index, radix: 16))")), at: start) == 0
        }
        #expect(admitted.count == 5)
        #expect(fail(&lockout, from: AddressGroup(IPAddress("2001:db8:1:3::1")), at: start) == 0)
        #expect(AddressGroup(IPAddress("2001:db8:1:2:3:4:5:6")).text == "2001:db8:1:2::/64")
        #expect(AddressGroup(IPAddress("::ffff:192.0.2.7")).text == "192.0.2.7")
    }

    @Test func `a restart forgives nobody`() {
        var lockout = LoginLockout()
        #expect(succeed(&lockout, from: home, at: start))
        for _ in 1...6 { fail(&lockout, from: elsewhere, at: after(1)) }
        var restarted = LoginLockout(history: LoginHistory(tallies: lockout.tallies, familiar: lockout.familiar))
        #expect(fail(&restarted, from: elsewhere, at: after(11)) == 20)
        for _ in 1...30 { fail(&restarted, "other\(home)", from: home, at: after(11)) }
        #expect(succeed(&restarted, from: home, at: after(12)), "a known address is still known")
    }

    @Test func `the changes are the whole difference`() {
        var lockout = LoginLockout()
        var history = LoginHistory()
        for step in 0..<500 {
            let address = number(step % 7)
            if step % 11 == 0 {
                _ = succeed(&lockout, "user\(step % 3)", from: address, at: after(Double(step * 20)))
            } else {
                fail(&lockout, "user\(step % 3)", from: address, at: after(Double(step * 20)))
            }
            let changes = lockout.takeChanges()
            for (subject, tally) in changes.tallies { history.tallies[subject] = tally }
            for (familiarity, time) in changes.familiar { history.familiar[familiarity] = time }
        }
        #expect(history == LoginHistory(tallies: lockout.tallies, familiar: lockout.familiar))
        #expect(lockout.takeChanges().isEmpty)
    }

    @Test func `a clock that goes back makes no refusal longer than it was meant to be`() {
        var lockout = LoginLockout()
        for _ in 1...5 { fail(&lockout, from: elsewhere, at: after(86_400)) }
        #expect(fail(&lockout, from: elsewhere, at: start) == 30, "begins anew, a day earlier")
        #expect(fail(&lockout, from: elsewhere, at: after(10)) == 20)
        #expect(fail(&lockout, from: elsewhere, at: after(30)) == 0)
    }

    @Test func `failures are forgotten a day after the last one, and not while they are refused`() {
        var lockout = LoginLockout()
        for _ in 1...4 { fail(&lockout, from: elsewhere, at: start) }
        #expect(fail(&lockout, from: elsewhere, at: after(86_401)) == 0)
        for _ in 1...4 { #expect(fail(&lockout, from: elsewhere, at: after(86_402)) == 0) }
        #expect(fail(&lockout, from: elsewhere, at: after(86_402)) == 30)
        let hours = after(86_402 + 86_399)
        #expect(fail(&lockout, from: elsewhere, at: hours) == 0)
        #expect(fail(&lockout, from: elsewhere, at: hours) == 60)
    }

    @Test func `the number of tallies is bounded, and nobody gets rid of a refusal by making others`() {
        var policy = LoginLockout.Policy()
        policy.capacity = 1000
        var lockout = LoginLockout(policy: policy)
        for _ in 1...9 { fail(&lockout, from: elsewhere, at: start) }
        for index in 0..<20_000 {
            fail(&lockout, "user\(index)", from: number(index), at: after(1))
            #expect(lockout.tallies.count <= 1003)
        }
        #expect(fail(&lockout, from: elsewhere, at: after(2)) > 0)
    }

    @Test func `the addresses that an account knows are bounded, and are forgotten`() {
        var lockout = LoginLockout()
        for index in 0..<100 { #expect(succeed(&lockout, from: number(index), at: after(Double(index)))) }
        #expect(lockout.familiar.count == 16)
        #expect(Set(lockout.familiar.keys.map(\.address)) == Set((84..<100).map(number)))
        #expect(succeed(&lockout, "other", from: home, at: after(91 * 86_400)))
        #expect(lockout.familiar.count == 1)
    }

    @Test func `any mixture of events keeps to the rules`() {
        var generator = SystemRandomNumberGenerator()
        var lockout = LoginLockout()
        var open: [LoginLockout.Attempt] = []
        var time = start
        for _ in 0..<5000 {
            time += Double.random(in: -5...60, using: &generator)
            let address = number(Int.random(in: 0..<4, using: &generator))
            switch lockout.begin("user\(Int.random(in: 0..<3, using: &generator))", from: address, at: time) {
            case .refused(let seconds): #expect(seconds > 0 && seconds <= 3600)
            case .later: #expect(!open.isEmpty)
            case .admitted(let attempt): open.append(attempt)
            }
            while let attempt = open.first, open.count > Int.random(in: 0..<8, using: &generator) {
                open.removeFirst()
                switch Int.random(in: 0..<10, using: &generator) {
                case 0: lockout.succeeded(attempt, at: time)
                case 1: lockout.abandoned(attempt)
                default: #expect(lockout.failed(attempt, at: time) <= 3600)
                }
            }
            #expect(lockout.tallies.values.allSatisfy { $0.failures > 0 })
        }
    }
}

@Suite struct AddressTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false),
            ("0.0.0.0/0", "203.0.113.1", true), ("0.0.0.0/0", "::1", false), ("::ffff:10.0.0.0/104", "10.1.1.1", true),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ] as [(String, String, Bool)])
    func `a network holds the addresses that begin as it does`(block: String, address: String, isInside: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/+1", "10.0.0.0/8/8", "::/129", "host", "10.0.0.0/"])
    func `what is no network is none`(text: String) { #expect(AddressBlock(text) == nil) }

    @Test func `an address is written in its shortest form, without its interface`() {
        #expect(IPAddress("2001:0db8:0::0007")?.description == "2001:db8::7")
        #expect(IPAddress("fe80::1%eth0")?.description == "fe80::1")
        #expect(IPAddress("192.0.2.7")?.description == "192.0.2.7")
        #expect(IPAddress("192.0.2") == nil && IPAddress("localhost") == nil)
    }
}
