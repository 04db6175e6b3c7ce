import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// What became of the files of an import.
struct ImportSummary: Hashable, Sendable, Codable {
    struct Refusal: Hashable, Sendable, Codable {
        /// As it was named on the command line.
        let file: String
        /// A ``LivepatchError/Code``.
        let code: String
        let message: String
    }

    var imported: [PatchImportBody] = []
    /// Files that were there already, with the same content.
    var known: [PatchImportBody] = []
    var refused: [Refusal] = []

    mutating func add(_ body: PatchImportBody) {
        if body.added { imported.append(body) } else { known.append(body) }
    }

    /// Uploads end in any order.
    mutating func sort() {
        imported.sort { $0.file.name < $1.file.name }
        known.sort { $0.file.name < $1.file.name }
        refused.sort { $0.file < $1.file }
    }

    func lines(_ text: HumanText, on terminal: Terminal) -> [String] {
        var lines: [String] = []
        if !refused.isEmpty {
            let rows = refused.map { [Cell($0.file), Cell($0.message, .bad)] }
            lines += Table(columns: [.whole("REFUSED"), .whole("REASON")], rows: rows).lines(for: terminal) + [""]
        }
        let bytes = imported.reduce(0) { $0 + $1.file.length }
        let versions = Set(imported.map(\.file.name.version)).sorted()
        var sentence = "\(text.count(imported.count, "file")) imported (\(text.size(bytes)))"
        if !versions.isEmpty { sentence += " of \(versions.map(\.description).joined(separator: ", "))" }
        sentence += ", \(known.count) there already, \(refused.count) refused."
        return lines + [sentence]
    }
}
