import Synchronization

/// A target on its way into a file: hashed while it comes, and given its name only if it is right.
final class TargetFile: Sendable {
    private struct State: ~Copyable {
        var file: WholeFile
        var hasher: FileHasher
        var length = 0
    }

    private let target: Target
    private let state: Mutex<State>

    init(_ target: Target, file: consuming sending WholeFile) {
        self.target = target
        state = Mutex(State(file: file, hasher: FileHasher(target.description.hashes)))
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    func write(_ bytes: [UInt8]) throws(TUFError) {
        try state.withLock { (state) throws(TUFError) in
            state.hasher.update(bytes)
            state.length += bytes.count
            try state.file.write(bytes)
        }
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/lengthMismatch``, ``TUFError/Code/hashMismatch`` or ``TUFError/Code/storage``.
    func finish() throws(TUFError) {
        try state.withLock { (state) throws(TUFError) in
            try target.checkLength(state.length)
            try state.hasher.finish(of: "the target “\(target.path)”")
            try state.file.finish()
        }
    }
}
