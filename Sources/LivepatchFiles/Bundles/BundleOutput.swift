public import LivepatchKit
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a bundle or a backup is written to: a file, which has its name only when it is whole and on the medium, or standard output.
public final class BundleOutput: Sendable {
    private enum Target {
        case file(OpenFile, path: String)
        case standardOutput
    }

    private let target: Target
    private let lane = Lane("livepatch.bundle")
    private let length = Mutex<Int64>(0)

    private init(_ target: Target) { self.target = target }

    /// Standard output, of which nobody can say when it has arrived.
    public static var standardOutput: BundleOutput { BundleOutput(.standardOutput) }

    /// A file; until ``finish()`` it is called `PATH.partial`, and what an interrupted attempt left there is overwritten.
    /// - Parameter isPrivate: whether only its owner may read it.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public init(_ path: String, isPrivate: Bool = false) throws {
        do {
            let file = try OpenFile(Self.partial(path), for: .writing, mode: isPrivate ? 0o600 : 0o640)
            if isPrivate { try file.changeMode(0o600) }
            try file.truncate()
            target = .file(file, path: path)
        } catch {
            throw error.error
        }
    }

    /// Writes what comes next.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public func write(_ bytes: [UInt8]) async throws {
        try await lane.run { [self] in
            switch target {
            case .file(let file, _):
                let offset = length.withLock { $0 }
                let (written, fault) = file.write(bytes, at: offset, calls: .system)
                length.withLock { $0 += Int64(written) }
                if let fault { throw fault }
            case .standardOutput: try Self.writeOut(bytes)
            }
        }
    }

    /// Opens what has been written, so that it can be looked at before it has its name; `nil` for standard output.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`.
    public func reader() throws -> (any StoredContentReader)? {
        guard case .file(_, let path) = target else { return nil }
        do {
            return try OpenContent(OpenFile(Self.partial(path), for: .reading))
        } catch {
            throw error.error
        }
    }

    /// Brings the file to the medium and gives it its name.
    /// - Throws: as ``write(_:)``.
    public func finish() async throws {
        try await lane.run { [self] in
            guard case .file(let file, let path) = target else { return }
            try file.flush(calls: .system)
            guard FileCalls.system.rename(Self.partial(path), path) == 0 else { throw FileFault.last("create", path) }
            try Folder(path).above.flush(calls: .system)
        }
    }

    /// Deletes what was written.
    public func discard() async {
        try? await lane.run { [self] in
            if case .file(_, let path) = target { unlink(Self.partial(path)) }
        }
    }

    private static func partial(_ path: String) -> String { "\(path).partial" }

    private static func writeOut(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let taken = systemWrite(UnsafeRawBufferPointer(rebasing: buffer[written...]))
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else { throw FileFault.last("write", "standard output") }
                written += taken
            }
        }
    }
}

private func systemWrite(_ bytes: UnsafeRawBufferPointer) -> Int { write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
