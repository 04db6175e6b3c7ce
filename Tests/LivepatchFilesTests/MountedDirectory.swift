import Foundation

/// A small file system in memory, mounted for a test; takes a privileged user on Linux.
final class MountedDirectory {
    let path: String
    private let directory: TemporaryDirectory

    /// Fails where this process may not mount.
    init?(bytes: Int) {
        guard let directory = try? TemporaryDirectory() else { return nil }
        self.directory = directory
        path = directory.path
        #if os(Linux)
            guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else { return nil }
        #else
            return nil
        #endif
    }

    /// Makes everything on it unchangeable.
    func protect() -> Bool {
        #if os(Linux)
            mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "") == 0
        #else
            false
        #endif
    }

    deinit {
        #if os(Linux)
            umount2(path, Int32(MNT_DETACH))
        #endif
    }

    /// Whether this process may mount, tried once.
    static let isPossible = MountedDirectory(bytes: 4096) != nil
}
