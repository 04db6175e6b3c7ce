#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A directory, by its path.
struct Folder: Hashable, Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    /// The last part of its path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func folder(_ name: String) -> Folder { Folder(file(name)) }

    /// Makes the directory if it is not there; the one above must be.
    /// - Returns: whether it was made.
    @discardableResult func make(mode: mode_t = 0o750) throws(FileFault) -> Bool {
        if mkdir(path, mode) == 0 { return true }
        guard errno == EEXIST else { throw .last("create the directory", path) }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw FileFault(number: ENOTDIR, attempt: "use as a directory", path: path)
        }
        return false
    }

    /// Makes the directory and those above it, as far as they are not there.
    /// - Returns: the directories that have a new entry.
    func makeAll(mode: mode_t = 0o750) throws(FileFault) -> [Folder] {
        if try exists() { return [] }
        let above = self.above
        var changed: [Folder] = []
        if above != self { changed = try above.makeAll(mode: mode) }
        return try make(mode: mode) ? changed + [above] : changed
    }

    /// Makes the directory for its owner alone, and those above it, if they are not there, and brings that to the medium.
    func makePrivate() throws(FileFault) {
        for changed in try above.makeAll() { try changed.flush(calls: .system) }
        if try make(mode: 0o700) { try above.flush(calls: .system) }
    }

    func changeMode(_ mode: mode_t) throws(FileFault) {
        guard chmod(path, mode) == 0 else { throw .last("set the permissions of", path) }
    }

    /// The directory that this one is an entry of.
    var above: Folder {
        let parts = path.split(separator: "/")
        let parent = parts.dropLast().joined(separator: "/")
        if path.hasPrefix("/") { return Folder("/" + parent) }
        return Folder(parent.isEmpty ? "." : parent)
    }

    /// Whether there is something of its name.
    func exists() throws(FileFault) -> Bool {
        var status = stat()
        if stat(path, &status) == 0 { return true }
        if errno == ENOENT { return false }
        throw .last("look at", path)
    }

    /// The names in it, sorted by bytes; none if it is not there.
    func names() throws(FileFault) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw .last("list", path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw .last("list", path) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Brings its entries to the medium; nothing happens if it is not there.
    func flush(calls: FileCalls) throws(FileFault) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw .last("open the directory", path)
        }
        defer { close(descriptor) }
        while calls.flushDirectory(descriptor, path) != 0 {
            guard errno == EINTR else { throw .last("bring to the medium", path) }
        }
    }

    /// Brings everything of its file system to the medium.
    /// - Returns: `false` if that is not possible, or went wrong: then each directory and file is to be flushed by itself.
    func flushFileSystem(calls: FileCalls) -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return calls.flushFileSystem(descriptor) == 0
    }

    /// Deletes a file.
    /// - Returns: `false` if there was none.
    @discardableResult func delete(_ name: String) throws(FileFault) -> Bool {
        if unlink(file(name)) == 0 { return true }
        if errno == ENOENT { return false }
        throw .last("delete", file(name))
    }

    /// How many more bytes an ordinary user may store on its file system.
    func freeBytes() throws(FileFault) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .last("ask for free space at", path) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }
}
