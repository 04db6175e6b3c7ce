import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct Doctor: AdminCommand {
    static let configuration = CommandConfiguration(
        "doctor", "Looks for what is wrong, or soon will be, and says what to do.",
        does: """
            Looks from here and has the server look at itself: connection, credentials in the clear, certificate, clock, tokens, \
            signatures, disk, database, stored files, sync, upstreams, downstreams and webhooks. Nothing is changed. The exit status is \
            0 if all is well, 1 if something is to be seen to, 69 if something does not work. With --quiet the names of the checks \
            alone that found something.
            """,
        examples: ["doctor", "doctor --only disk,database --format json"])
    static let needsLogin = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Only these checks, separated by commas: \(DiagnosticCheckName.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "checks"))
    var only: String?

    func validate() throws { _ = try checks() }

    func run(_ context: AdminContext) async throws {
        let diagnosis = Diagnosis(
            url: context.address, time: Timestamp.wholeSecond(context.console.now()),
            findings: await DoctorRound(context: context, checks: try checks()).findings())
        if output.quiet {
            var names: [String] = []
            for finding in diagnosis.findings where finding.state > .ok && !names.contains(finding.check.rawValue) {
                names.append(finding.check.rawValue)
            }
            try context.console.print(names)
        } else if output.format != .table {
            try output.show(document: diagnosis, on: context.console)
        } else {
            try context.console.print(diagnosis.lines(for: context.console.output.terminal))
        }
        switch diagnosis.worst {
        case .ok: break
        case .warning: throw ExitStatus.failure.exit
        case .failure: throw ExitStatus.unavailable.exit
        }
    }

    private func checks() throws -> Set<DiagnosticCheckName> {
        guard let only else { return Set(DiagnosticCheckName.allCases) }
        let names = only.split(separator: ",").map(String.init)
        let checks = names.compactMap(DiagnosticCheckName.init(rawValue:))
        guard !names.isEmpty, checks.count == names.count else {
            let wrong = names.first { DiagnosticCheckName(rawValue: $0) == nil } ?? only
            throw ValidationError(
                "There is no check '\(wrong)'; there are \(DiagnosticCheckName.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        }
        return Set(checks)
    }
}

/// All that was found.
struct Diagnosis: Hashable, Sendable, Codable {
    let url: String
    let time: Date
    let findings: [DiagnosticFinding]

    var worst: DiagnosticFinding.State { findings.map(\.state).max() ?? .ok }

    func lines(for terminal: Terminal) -> [String] {
        let width = DiagnosticCheckName.allCases.map { $0.rawValue.count }.max() ?? 0
        var lines = findings.flatMap { finding in
            let state = finding.state.rawValue.padded(to: 7)
            let line = "\(finding.state.style.applied(to: state, on: terminal))  \(finding.check.rawValue.padded(to: width))  "
            let indent = String(repeating: " ", count: 7 + 2 + width + 2)
            let advice = finding.state == .ok ? nil : finding.advice
            return [line + PrintableText.line(finding.message)] + (advice.map { ["\(indent)→ \(PrintableText.line($0))"] } ?? [])
        }
        let wrong = findings.count { $0.state > .ok }
        lines.append(wrong == 0 ? "All is well." : "\(wrong) of \(findings.count) findings need a hand.")
        return lines
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension DiagnosticFinding.State {
    fileprivate var style: Style {
        switch self {
        case .ok: .good
        case .warning: .warning
        case .failure: .bad
        }
    }
}
