import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that are small enough to be in memory; a reader finds all of one, or none.
enum SmallFile {
    /// Takes a file away; that there is none is no error.
    static func remove(_ path: String) { unlink(path) }

    /// - Returns: `nil` if there is no such file, or it is longer than `limit` bytes.
    static func read(_ path: String, limit: Int = .max) throws(FileFault) -> [UInt8]? {
        do {
            let file = try OpenFile(path, for: .reading)
            let length = try file.status().length
            return length <= limit ? try file.read(at: 0, count: Int(length)) : nil
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }

    /// Writes a temporary file beside it, brings it to the medium, and gives it its name.
    /// - Parameter mode: the permissions, whatever the umask.
    /// - Throws: `EEXIST` if there is one of that name, unless it is to be replaced.
    static func write(
        _ bytes: [UInt8], to path: String, mode: UInt32, replacing: Bool, calls: FileCalls = .system
    ) throws(FileFault) {
        let temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 16)).tmp"
        let file = try OpenFile(temporary, for: .creating, mode: 0o600)
        do throws(FileFault) {
            try file.changeMode(mode)
            if let fault = file.write(bytes, at: 0, calls: calls).fault { throw fault }
            try file.flush(calls: calls)
            try give(temporary, the: path, replacing: replacing, calls: calls)
        } catch {
            unlink(temporary)
            throw FileFault(number: error.number, attempt: error.attempt, path: path)
        }
        try Folder(path).above.flush(calls: calls)
    }

    private static func give(_ temporary: String, the path: String, replacing: Bool, calls: FileCalls) throws(FileFault) {
        if replacing {
            guard calls.rename(temporary, path) == 0 else { throw .last("create", path) }
        } else {
            // Unlike rename(), link() does not replace.
            guard link(temporary, path) == 0 else { throw .last("create", path) }
            unlink(temporary)
        }
    }
}

extension FileFault {
    /// The error for whoever must not replace a file.
    func ofExisting(_ path: String) -> LivepatchError {
        guard number == EEXIST else { return error }
        return LivepatchError(
            .alreadyExists, "'\(path)' exists and is not overwritten.",
            suggestion: "Choose another file, or delete this one first.")
    }
}
