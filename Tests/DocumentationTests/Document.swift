import Foundation

/// A Markdown file of the repository.
struct Document {
    /// The repository's folder.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every document that people read.
    static func all() throws -> [Document] {
        let top = try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)
        let folder = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "Documentation"), includingPropertiesForKeys: nil)
        return try (top + folder).filter { $0.pathExtension == "md" }.sorted { $0.path < $1.path }.map(Document.init)
    }

    static func named(_ path: String) throws -> Document { try Document(root.appending(path: path)) }

    let url: URL
    let text: String

    init(_ url: URL) throws {
        self.url = url
        text = try String(contentsOf: url, encoding: .utf8)
    }

    var name: String { url.lastPathComponent }

    /// The text without fenced code.
    var prose: String {
        var isCode = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            if line.hasPrefix("```") { isCode.toggle() }
            return !isCode && !line.hasPrefix("```")
        }.joined(separator: "\n")
    }

    /// Where its links lead.
    var links: [String] { prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) } }

    /// The names under which its headings can be linked to, as GitHub makes them.
    var anchors: Set<String> {
        Set(
            prose.split(separator: "\n").compactMap { line in
                guard let heading = line.wholeMatch(of: /#{1,6} +(.*)/)?.1 else { return nil }
                let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
                return kept.replacing(" ", with: "-")
            })
    }
}
