import FoundationEssentials
import LivepatchConsole
import LivepatchKit

/// A file of coverage entries.
struct CoverageFile: Sendable {
    /// What an entry consists of.
    static let names = ["series", "flavour", "architecture", "codename", "coveredUntil", "oldestBuild"]
    private static let limit = 16 << 20

    let path: String

    init(at path: String) { self.path = path }

    /// - Returns: the entries and, with their lines, all mistakes; entries are only worth something if there are none.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `malformed-value` if it is no list at all.
    func read() throws -> (entries: [KernelCoverage], mistakes: [String]) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw LivepatchError(
                .notFound, "There is no file '\(path)', or it cannot be read.", suggestion: "Check its name and permissions.")
        }
        guard bytes.count <= Self.limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw LivepatchError(
                .malformedValue, "'\(path)' is not a text in UTF-8 of at most \(Self.limit >> 20) MiB.",
                suggestion: "See `livepatch-admin kernels coverage import --help` for its form.")
        }
        var entries: [KernelCoverage.Key: Int] = [:]
        var result: (entries: [KernelCoverage], mistakes: [String]) = ([], [])
        do {
            for record in try RecordText.records(
                in: text, form: RecordText.Form(of: text, name: path), names: Self.names, list: "local")
            {
                do {
                    let entry = try Self.entry(record.values)
                    if let first = entries.updateValue(record.line, forKey: entry.key) {
                        result.mistakes.append(
                            "Line \(record.line): There is an entry for \(entry.key) on line \(first) already.")
                    }
                    result.entries.append(entry)
                } catch let error as LivepatchError {
                    result.mistakes.append("Line \(record.line): \(error)")
                }
            }
        } catch let error as LivepatchError {
            result.mistakes.append("\(error)")
        }
        return result
    }

    private static func entry(_ values: [String: String]) throws -> KernelCoverage {
        func text(_ name: String) throws -> String {
            guard let text = values[name] else { throw LivepatchError(.malformedValue, "'\(name)' is missing.") }
            return text
        }
        let entry = KernelCoverage(
            KernelCoverage.Key(
                series: try KernelSeries(parsing: text("series")), flavour: try Flavour(parsing: text("flavour")),
                architecture: try Architecture(parsing: text("architecture")),
                codename: try values["codename"].map(Codename.init(parsing:))),
            coveredUntil: try KernelCoverage.end(parsing: text("coveredUntil")),
            oldestBuild: try values["oldestBuild"].map(KernelCoverage.beginning(parsing:)))
        try entry.check()
        return entry
    }
}
