import LivepatchAPI
import LivepatchConsole
import LivepatchKit

extension SyncReport {
    /// The exit status of a sync that did not do everything; `nil` for one that did.
    var exitStatus: ExitStatus? {
        switch result {
        case .unchanged, .complete: nil
        case .partial: .temporaryFailure
        case .failed: failures.first.map { ErrorDisposition(of: LivepatchError.Code(rawValue: $0.code)).exit } ?? .failure
        }
    }

    /// What it did, in one line.
    func sentence(_ text: HumanText) -> String {
        var parts = ["\(text.count(files, "file")) fetched (\(text.size(bytes)))", "\(skipped) there already"]
        for (word, versions) in [("added", versionsAdded), ("changed", versionsChanged), ("removed", versionsRemoved)]
        where !versions.isEmpty {
            parts.append("\(word) \(versions.map(\.description).joined(separator: " "))")
        }
        if !failures.isEmpty { parts.append(text.count(failures.count, "failure")) }
        return "\(result.rawValue): \(parts.joined(separator: ", "))"
    }

    /// Prints it: failures and notes to standard error, one line to standard output.
    func show(_ output: OutputOptions, on console: Console) throws {
        guard output.format == .table else { return try output.show(document: self, on: console) }
        for failure in failures { console.warn((failure.file.map { "\($0): " } ?? "") + failure.message) }
        if output.quiet { return }
        for note in notes { console.note(note) }
        try console.print(sentence(console.humanText))
    }
}
