/// A kernel's version without its flavour: `5.15.0-107.117` is upstream `5.15.0`, ABI `107`, upload `117`.
///
/// An upload may carry a suffix (`41.41~22.04.1`, `1027.31+fips1`). A Debian kernel, whose uname release is
/// `6.1.0-56-cloud-amd64` and whose package is 6.1.192-2, is written `6.1.0-56.192.2`.
///
/// Versions are ordered by upstream (each part by number), then ABI, then upload (in Debian's order).
public struct KernelVersion: Hashable, Sendable {
    /// The upstream version's parts, one to six numbers: `[5, 15, 0]`.
    public let upstream: [Int]
    /// The number that changes with the kernel's binary interface; part of the uname release.
    public let abi: Int
    /// The build within that ABI, with its suffix: at most 48 characters. Starts with a digit; letters, digits and `.+~`
    /// follow.
    public let upload: String

    /// Reads `5.15.0-107.117`.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let version = Self(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a kernel version.",
                suggestion: "Write it like 5.15.0-107.117: upstream version, ABI number and upload, without the flavour.")
        }
        self = version
    }

    init?(_ text: String) {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, let upstream = KernelSeries.numbers(halves[0]) else { return nil }
        let build = halves[1].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard build.count == 2, let abi = KernelSeries.number(build[0]), Self.isUpload(build[1]) else { return nil }
        self.upstream = upstream
        self.abi = abi
        self.upload = String(build[1])
    }

    /// The bound keeps every patch file's name, which contains a kernel version, within the 255 bytes that file systems allow.
    private static func isUpload(_ text: Substring) -> Bool {
        guard text.utf8.count <= 48, let first = text.utf8.first, (0x30...0x39).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }

    /// The upstream version as text: `5.15.0`.
    public var upstreamText: String { upstream.map(String.init).joined(separator: ".") }

    /// What `uname -r` prints on this kernel in that flavour, and so the release in its modules' vermagic: `5.15.0-107-generic`.
    public func unameRelease(_ flavour: Flavour) -> String { "\(upstreamText)-\(abi)-\(flavour)" }
}

extension KernelVersion: CustomStringConvertible {
    public var description: String { "\(upstreamText)-\(abi).\(upload)" }
}

extension KernelVersion: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        if left.upstream != right.upstream { return left.upstream.lexicographicallyPrecedes(right.upstream) }
        if left.abi != right.abi { return left.abi < right.abi }
        let order = DebianVersionOrder.compare(Array(left.upload.utf8), Array(right.upload.utf8))
        // Debian takes 1.1 and 1.01 for the same, but they are two texts, and an order of distinct values has no ties.
        return order == 0 ? left.upload < right.upload : order < 0
    }
}

extension KernelVersion: TextCodable {}
