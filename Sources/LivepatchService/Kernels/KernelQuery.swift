import FoundationEssentials
import Hummingbird
import LivepatchKit

/// The query of `GET /v1/api/kernels/supported`: `kernel-version`, `flavour`, `architecture`, and if they are known `codename` and
/// `build-date`.
enum KernelQuery: Sendable {
    case question(KernelQuestion)
    /// A kernel that somebody built for themselves (`MANJARO`, `my_kernel`): no patch can be for it.
    case strangeFlavour

    /// - Throws: ``LivepatchError`` with the code `malformed-request`, naming the parameter.
    init(_ request: Request) throws {
        let parameters = request.uri.queryParameters
        /// A parameter that is there and says something.
        func text(_ name: String) -> String? {
            parameters[name[...]].flatMap { $0.isEmpty ? nil : String($0) }
        }
        func required(_ name: String, _ example: String) throws -> String {
            guard let text = text(name) else {
                throw LivepatchError(
                    .malformedRequest, "The query parameter '\(name)' is missing.",
                    suggestion: "Ask like kernel-version=5.15&flavour=generic&architecture=amd64; \(name) is such as \(example).")
            }
            return text
        }
        func value<Value>(_ name: String, _ text: String, _ read: (String) throws -> Value) throws -> Value {
            do { return try read(text) } catch let error as LivepatchError {
                throw LivepatchError(
                    .malformedRequest, "The query parameter '\(name)' cannot be read: \(error.message)",
                    suggestion: error.suggestion)
            }
        }
        let series = try value("kernel-version", required("kernel-version", "5.15"), Self.series)
        let architecture = try value("architecture", required("architecture", "amd64"), Architecture.init(parsing:))
        let codename = try text("codename").map { try value("codename", $0, Codename.init(parsing:)) }
        let buildDate = try text("build-date").flatMap { try value("build-date", $0, Self.buildDate) }
        let flavour = try required("flavour", "generic")
        if (try? Flavour(parsing: flavour)) == nil, flavour.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil {
            self = .strangeFlavour
            return
        }
        self = .question(
            KernelQuestion(
                series: series, flavour: try value("flavour", flavour, Flavour.init(parsing:)), architecture: architecture,
                codename: codename, buildDate: buildDate))
    }

    /// Two numbers at least, with whatever more of a kernel's version follows: `5.15`, `5.15.0-107`, `5.15.0-107.117`.
    @Sendable private static func series(_ text: String) throws -> KernelSeries {
        let upstream = text.prefix { $0 != "-" }
        guard text.utf8.count <= 128, let series = try? KernelSeries(parsing: String(upstream)), series.numbers.count >= 2 else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(128))' is not a kernel's version.",
                suggestion: "Give the first two numbers of the kernel's upstream version, such as 5.15.")
        }
        return series
    }

    @Sendable private static func buildDate(_ text: String) throws -> Date? {
        if text == "unknown" { return nil }
        guard let date = Timestamp.date(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(64))' is not a time.",
                suggestion: "Write it in RFC 3339 with its offset, such as 2023-08-24T12:34:56+00:00, or 'unknown'.")
        }
        return date
    }
}
