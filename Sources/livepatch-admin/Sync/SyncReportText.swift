import FoundationEssentials
public import LivepatchConsole
public import LivepatchKit

extension SyncReport: Listed {
    public static let columns: [Column] = [
        .number("ID"), .whole("STARTED"), .number("TOOK"), .whole("RESULT"), .number("FILES"), .number("SIZE"),
        .number("SKIPPED"),
        .number("DOCUMENTS"), .number("FAILURES"), .text("REASON"),
    ]

    public var quietValue: String { "\(id)" }

    public func row(_ text: HumanText) -> [Cell] {
        [
            "\(id)", Cell(text.time(started)), Cell(took(text)), Cell(result.rawValue, style), "\(files)", Cell(text.size(bytes)),
            "\(skipped)", "\(documents)", Cell("\(failures.count)", failures.isEmpty ? .plain : .bad),
            Cell(failures.first?.message ?? notes.first),
        ]
    }

    private func took(_ text: HumanText) -> String { text.duration(seconds: ended.timeIntervalSince(started)) }

    private var style: Style {
        switch result {
        case .unchanged, .complete: .good
        case .partial: .warning
        case .failed: .bad
        }
    }
}

extension SyncReport: Detailed {
    public func details(_ text: HumanText) -> [Detail] {
        var details = [
            Detail("Result", Cell(result.rawValue, style)),
            Detail("Upstream", Cell(upstream)),
            Detail("Started", Cell(text.time(started))),
            Detail("Took", Cell(took(text))),
            Detail("Documents", Cell("\(documents) (\(text.size(documentBytes)))")),
            Detail("Files", Cell("\(files) fetched (\(text.size(bytes))), \(skipped) there already")),
        ]
        for (label, versions) in [("Added", versionsAdded), ("Changed", versionsChanged), ("Removed", versionsRemoved)]
        where !versions.isEmpty {
            details.append(Detail(label, Cell(listing: versions)))
        }
        details += failures.map { failure in
            Detail("Failure", Cell((failure.file.map { "\($0): " } ?? "") + failure.message, .bad))
        }
        if let fleet { details.append(Detail("Fleet report", fleet.cell(text))) }
        details += notes.map { Detail("Note", Cell($0, .warning)) }
        return details
    }
}

extension FleetDelivery {
    fileprivate func cell(_ text: HumanText) -> Cell {
        switch result {
        case .sent:
            let pages = machines > 0 ? ", with \(text.count(machines, "machine's report", "machines' reports"))" : ""
            return Cell("sent (\(text.size(bytes)))\(pages)")
        case .unsupported: return Cell("not taken by the upstream, which is of an older release", .faint)
        case .failed: return Cell("failed", .warning)
        case .postponed: return Cell("put off, because it failed a short time ago", .warning)
        }
    }
}
