/// A patch's version: release number and revision, `107.1`. Ordered by number, so `9.1` comes before `107.1`.
public struct PatchVersion: Hashable, Sendable {
    /// The release number, the one in its security notice: `107` for LSN-0107-1.
    public let release: Int
    /// The revision of that release.
    public let revision: Int

    /// What release and revision can be: numbers of one to nine digits.
    public static let numbers = 0...999_999_999

    /// - Precondition: release and revision are in ``numbers``. ``init(parsing:)`` is for what comes from outside.
    public init(_ release: Int, _ revision: Int) {
        precondition(
            Self.numbers.contains(release) && Self.numbers.contains(revision),
            "release and revision of a patch version have one to nine digits and no sign, not \(release) and \(revision)")
        self.release = release
        self.revision = revision
    }

    /// Reads `107.1`: two numbers of one to nine digits without leading zeros.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let version = Self(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a patch version.",
                suggestion: "Write release and revision, such as 107.1.")
        }
        self = version
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let release = KernelSeries.number(parts[0]), let revision = KernelSeries.number(parts[1])
        else { return nil }
        self.init(release, revision)
    }
}

extension PatchVersion: CustomStringConvertible {
    public var description: String { "\(release).\(revision)" }
}

extension PatchVersion: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.release, left.revision) < (right.release, right.revision)
    }
}

extension PatchVersion: TextCodable {}
