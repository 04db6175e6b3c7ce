import Foundation
import Synchronization

@testable import LivepatchFiles

/// Notes the calls, and lets chosen ones fail.
final class CallLog: Sendable {
    private struct State {
        var calls: [String] = []
        // File systems that can flush everything at once are the exception until a test asks for one.
        var failures: [String: Int32] = ["flushFileSystem": ENOTSUP]
    }

    private let state = Mutex(State())

    var calls: [String] { state.withLock { $0.calls } }

    func clear() { state.withLock { $0.calls = [] } }

    /// - Parameters:
    ///   - call: the name of a call, with the last two parts of its path or without them.
    ///   - number: what `errno` becomes; `nil` to let it succeed again.
    func fail(_ call: String, with number: Int32?) { state.withLock { $0.failures[call] = number } }

    private func note(_ call: String, _ path: String) -> Bool {
        let number = state.withLock { state in
            let whole = "\(call) \(path.split(separator: "/").suffix(2).joined(separator: "/"))"
            state.calls.append(whole)
            return state.failures[call] ?? state.failures[whole]
        }
        if let number { errno = number }
        return number == nil
    }

    var fileCalls: FileCalls {
        let system = FileCalls.system
        return FileCalls(
            write: { self.note("write", "") ? system.write($0, $1, $2) : -1 },
            flush: { self.note("flush", $1) ? system.flush($0, $1) : -1 },
            flushDirectory: { self.note("flushDirectory", $1) ? system.flushDirectory($0, $1) : -1 },
            flushFileSystem: { self.note("flushFileSystem", "") ? system.flushFileSystem($0) : -1 },
            check: { self.note("check", $1) ? system.check($0, $1) : -1 },
            rename: { self.note("rename", $1) ? system.rename($0, $1) : -1 })
    }
}
