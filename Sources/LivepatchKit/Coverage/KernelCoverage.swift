public import FoundationEssentials

/// How long a kind of kernel gets patches, and from which build on: a line of the coverage table.
public struct KernelCoverage: Hashable, Sendable, Codable {
    /// The kernels that an entry is about.
    public struct Key: Hashable, Sendable, Codable {
        /// The first two numbers of the upstream version: `5.15`.
        public let series: KernelSeries
        public let flavour: Flavour
        public let architecture: Architecture
        /// The distribution's release; `nil` for all of which no entry speaks.
        public let codename: Codename?

        public init(series: KernelSeries, flavour: Flavour, architecture: Architecture, codename: Codename? = nil) {
            self.series = series
            self.flavour = flavour
            self.architecture = architecture
            self.codename = codename
        }
    }

    public let series: KernelSeries
    public let flavour: Flavour
    public let architecture: Architecture
    public let codename: Codename?
    /// The last second in which such kernels get patches.
    public let coveredUntil: Date
    /// Kernels that were built before this get patches only after an upgrade; `nil` if every build gets them.
    public let oldestBuild: Date?

    public init(_ key: Key, coveredUntil: Date, oldestBuild: Date? = nil) {
        series = key.series
        flavour = key.flavour
        architecture = key.architecture
        codename = key.codename
        self.coveredUntil = Timestamp.wholeSecond(coveredUntil)
        self.oldestBuild = oldestBuild.map(Timestamp.wholeSecond)
    }

    public var key: Key { Key(series: series, flavour: flavour, architecture: architecture, codename: codename) }
}

extension KernelCoverage.Key: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        if left.series != right.series { return left.series < right.series }
        return (left.flavour, left.architecture, left.codename?.rawValue ?? "")
            < (right.flavour, right.architecture, right.codename?.rawValue ?? "")
    }
}

extension KernelCoverage.Key: CustomStringConvertible {
    /// As `livepatch-admin` takes it: `5.15 generic amd64 --codename jammy`.
    public var description: String {
        "\(series) \(flavour) \(architecture)\(codename.map { " --codename \($0)" } ?? "")"
    }
}

extension KernelCoverage {
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for an entry that could apply to nothing.
    public func check() throws {
        guard series.numbers.count == 2 else {
            throw LivepatchError(
                .malformedValue, "'\(series)' is not a kernel series.",
                suggestion: "A series is the first two numbers of the upstream version, such as 5.15.")
        }
        if let oldestBuild, oldestBuild > coveredUntil {
            throw LivepatchError(
                .malformedValue,
                "The entry for \(key) covers builds from \(Timestamp.text(oldestBuild)) on, and only until \(Timestamp.text(coveredUntil)).",
                suggestion: "The oldest build lies before the end of the coverage.")
        }
    }
}

// Times of the table as people write them: to the second, or as a day that is meant whole.
extension KernelCoverage {
    /// Reads until when something is covered: RFC 3339, or a day, the last second of which (UTC) is meant.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public static func end(parsing text: String) throws -> Date { try moment(text, ofDay: "23:59:59") }

    /// Reads from when on builds are covered: RFC 3339, or a day, the first second of which (UTC) is meant.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public static func beginning(parsing text: String) throws -> Date { try moment(text, ofDay: "00:00:00") }

    private static func moment(_ text: String, ofDay time: String) throws -> Date {
        guard let date = Timestamp.date(text) ?? Timestamp.date("\(text)T\(time)Z") else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is neither a day nor a time.",
                suggestion: "Write a day like 2027-04-30, or a time like 2027-04-30T12:00:00Z.")
        }
        return date
    }
}
