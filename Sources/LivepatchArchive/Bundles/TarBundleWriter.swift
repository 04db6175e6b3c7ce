public import FoundationEssentials
public import LivepatchKit

/// Writes a bundle as a tar archive, from its beginning to its end.
public actor TarBundleWriter: BundleSink {
    private let modified: Int64
    private let write: @Sendable ([UInt8]) async throws -> Void
    /// What of the present member is still to come, and then how much padding.
    private var missing: Int64 = 0
    private var padding = 0

    /// - Parameters:
    ///   - modified: the time that all members have.
    ///   - write: takes the archive's bytes, in order.
    public init(modified: Date, write: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.modified = Int64(modified.timeIntervalSince1970)
        self.write = write
    }

    /// - Throws: ``LivepatchError`` with the code `internal-fault` if the last member is not complete or the name is too long.
    public func begin(_ name: String, length: Int64) async throws {
        try await end()
        let header = TarHeader(name: name, length: length)
        guard length >= 0, let block = header.block(modified: modified) else {
            throw LivepatchError(.internalFault, "'\(name)' with \(length) bytes does not fit into a tar archive.")
        }
        missing = length
        padding = Int(header.paddedLength - length)
        try await write(block)
    }

    public func append(_ bytes: [UInt8]) async throws {
        guard Int64(bytes.count) <= missing else {
            throw LivepatchError(.internalFault, "More bytes than announced are written to a bundle.")
        }
        missing -= Int64(bytes.count)
        if !bytes.isEmpty { try await write(bytes) }
    }

    public func finish() async throws {
        try await end()
        try await write([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
    }

    private func end() async throws {
        guard missing == 0 else {
            throw LivepatchError(.internalFault, "\(missing) bytes less than announced were written to a bundle.")
        }
        if padding > 0 { try await write([UInt8](repeating: 0, count: padding)) }
        padding = 0
    }
}
