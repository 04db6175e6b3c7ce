public import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file system below a directory.
public enum Volume {
    /// - Parameters:
    ///   - path: a directory; where it is not there yet, the one that it will be made in.
    ///   - name: what is kept there.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`.
    public static func condition(of path: String, name: String) throws -> ServerCondition.Volume {
        do throws(FileFault) {
            var folder = Folder(path)
            while try !folder.exists(), folder.above != folder { folder = folder.above }
            var status = statvfs()
            guard statvfs(folder.path, &status) == 0 else { throw .last("ask for free space at", folder.path) }
            func bytes(_ blocks: some BinaryInteger) -> Int64 {
                let (bytes, overflow) = UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
                return overflow ? .max : Int64(clamping: bytes)
            }
            return ServerCondition.Volume(
                name: name, freeBytes: bytes(status.f_bavail), totalBytes: bytes(status.f_blocks))
        } catch {
            throw error.error
        }
    }
}
