import FoundationEssentials
import LivepatchKit

/// The files that somebody names, each with its hash if that was given.
struct WantedFiles: Sendable {
    private(set) var hashes: [PatchFileName: SHA256Digest?] = [:]

    /// The versions that they belong to.
    var versions: Set<PatchVersion> { Set(hashes.keys.map(\.version)) }

    /// - Throws: ``LivepatchError`` with the code `patch-name-invalid`.
    mutating func add(_ name: String) throws { hashes.updateValue(nil, forKey: try PatchFileName(parsing: name)) }

    /// Reads a list from a file, or from standard input for `-`.
    /// - Throws: ``LivepatchError`` with the codes `not-found` and `malformed-value`, the latter naming the line.
    mutating func read(_ path: String) throws {
        guard let bytes = FileManager.default.contents(atPath: path == "-" ? "/dev/stdin" : path) else {
            throw LivepatchError(.notFound, "The list '\(path)' cannot be read.")
        }
        try read(text: String(decoding: bytes, as: UTF8.self), from: path)
    }

    /// Reads entries of `filename` and `hash` as `list` prints them, in either order, or one name a line. Empty lines and what
    /// follows a `#` are skipped.
    mutating func read(text: String, from path: String) throws {
        var name: PatchFileName?
        var hash: SHA256Digest?
        func keep(_ hashes: inout [PatchFileName: SHA256Digest?]) {
            if let name { hashes.updateValue(hash, forKey: name) }
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.prefix { $0 != "#" }.trimmingSpaces
            if line.isEmpty || line == "---" || line == "[]" { continue }
            do {
                let isEntry = line.hasPrefix("- ")
                if isEntry {
                    keep(&hashes)
                    (name, hash) = (nil, nil)
                }
                let member = (isEntry ? line.dropFirst(2) : line).trimmingSpaces
                if let text = member.value(of: "filename:") {
                    name = try PatchFileName(parsing: text)
                } else if let text = member.value(of: "hash:") {
                    hash = try SHA256Digest(parsing: text)
                } else {
                    keep(&hashes)
                    (name, hash) = (try PatchFileName(parsing: String(member)), nil)
                }
            } catch {
                throw LivepatchError(
                    .malformedValue, "Line \(index + 1) of the list '\(path)' cannot be read: \(error)",
                    suggestion: "A list is what `livepatch-sync list` prints, or one file name a line.", cause: error)
            }
        }
        keep(&hashes)
    }

    /// Those of the offered files that are wanted, and why others cannot be had.
    func choose(from offered: [PatchFile]) -> (files: [PatchFile], failures: [Download.Failure]) {
        let byName = Dictionary(offered.map { ($0.name, $0) }) { first, _ in first }
        var files: [PatchFile] = []
        var failures: [Download.Failure] = []
        for (name, hash) in hashes.sorted(by: { $0.key < $1.key }) {
            if let file = byName[name], hash == nil || hash == file.digest {
                files.append(file)
            } else {
                let error =
                    byName[name].map { file in
                        LivepatchError(
                            .digestMismatch, "The upstream offers it with other content (\(file.digest)) than the list says.",
                            suggestion: "Make the list anew with `livepatch-sync list`.")
                    }
                    ?? LivepatchError(.upstreamLacks, "The upstream does not offer it to this token.")
                failures.append(Download.Failure(name: name.description, error: error))
            }
        }
        return (files, failures)
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// What follows a key, without quotes; `nil` if the line does not begin with it.
    fileprivate func value(of key: String) -> String? {
        guard hasPrefix(key) else { return nil }
        var text = dropFirst(key.count).trimmingSpaces
        for quote in ["'", "\""] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote) {
            text = text.dropFirst().dropLast()
        }
        return String(text)
    }
}
