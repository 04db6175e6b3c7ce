public import LivepatchKit

/// A bundle, or a backup, in the form of a tar archive. It is gone through once, from header to header, to find out what is where; content is read
/// when it is asked for.
public struct TarBundle: BundleArchive {
    public let first: String?
    public let lengths: [String: Int64]
    private let file: any StoredContentReader
    private let offsets: [String: Int64]
    private let kind: Kind

    /// What an archive is, for messages about it.
    public enum Kind: String, Sendable {
        case bundle
        case backup

        var code: LivepatchError.Code {
            switch self {
            case .bundle: .bundleInvalid
            case .backup: .backupInvalid
            }
        }

        var suggestion: String {
            switch self {
            case .bundle: "Copy it again, or create it anew."
            case .backup: "Copy it again, or use another one."
            }
        }
    }

    /// More members than any bundle has.
    private static let greatestNumber = 4 << 20
    /// How much padding there may be after the end, in bytes: some programs fill a whole record, or a tape's.
    private static let greatestPadding: Int64 = 1 << 20

    /// - Throws: ``LivepatchError`` with the code `bundle-invalid`, or `backup-invalid`, for a file that is no such archive, is cut
    ///   off, or has a member that is no regular file, or two of one name.
    public init(_ file: any StoredContentReader, as kind: Kind = .bundle) throws {
        self.file = file
        self.kind = kind
        var lengths: [String: Int64] = [:]
        var offsets: [String: Int64] = [:]
        var first: String?
        var offset: Int64 = 0
        while true {
            let block = try file.read(at: offset, count: TarHeader.blockSize)
            guard block.count == TarHeader.blockSize else { throw kind.cutOff(offset, file.length) }
            if block.allSatisfy({ $0 == 0 }) { break }
            guard let header = TarHeader(block) else {
                throw kind.invalid(
                    first == nil
                        ? "it is no tar archive of a \(kind.rawValue)"
                        : "the header at byte \(offset) is not that of a regular file")
            }
            offset += Int64(TarHeader.blockSize)
            // Neither sum overflows: the first is bounded by the second.
            guard header.length <= file.length - offset, header.paddedLength <= file.length - offset else {
                throw kind.cutOff(offset, file.length)
            }
            guard lengths.updateValue(header.length, forKey: header.name) == nil else {
                throw kind.invalid("it has two members '\(header.name)'")
            }
            guard lengths.count <= Self.greatestNumber else {
                throw kind.invalid("it has more than \(Self.greatestNumber) members")
            }
            offsets[header.name] = offset
            first = first ?? header.name
            offset += header.paddedLength
        }
        try Self.checkEnd(of: file, at: offset, kind)
        self.first = first
        self.lengths = lengths
        self.offsets = offsets
    }

    public func read(_ name: String, at offset: Int64, count: Int) throws -> [UInt8] {
        guard let place = offsets[name], let length = lengths[name] else {
            throw LivepatchError(.internalFault, "'\(name)' is read from a \(kind.rawValue) that does not have it.")
        }
        guard offset >= 0, offset < length, count > 0 else { return [] }
        return try file.read(at: place + offset, count: Int(min(Int64(count), length - offset)))
    }

    /// Two blocks of zeros, and nothing else after them.
    private static func checkEnd(of file: any StoredContentReader, at offset: Int64, _ kind: Kind) throws {
        let rest = file.length - offset
        guard rest >= 2 * Int64(TarHeader.blockSize) else { throw kind.cutOff(offset, file.length) }
        guard rest <= greatestPadding, try file.read(at: offset, count: Int(rest)).allSatisfy({ $0 == 0 }) else {
            throw kind.invalid("something follows its end at byte \(offset)")
        }
    }
}

extension TarBundle.Kind {
    fileprivate func cutOff(_ offset: Int64, _ length: Int64) -> LivepatchError {
        invalid("it was cut off: it ends at byte \(length), in what begins at byte \(offset)")
    }

    fileprivate func invalid(_ reason: String) -> LivepatchError {
        LivepatchError(code, "This is not a whole \(rawValue): \(reason).", suggestion: suggestion)
    }
}
