import LivepatchKit

/// `SHA256SUMS`, as `sha256sum -c` reads it: a digest, two characters and a name on each line, in order of name.
struct ChecksumList: Hashable, Sendable {
    static let name = "SHA256SUMS"

    var digests: [String: SHA256Digest] = [:]

    init() {}

    /// Reads a list; lines that are none are skipped.
    init(parsing text: String) {
        for line in text.split(separator: "\n") {
            guard let match = line.wholeMatch(of: /([0-9a-f]{64}) [ *](.+)/),
                let digest = try? SHA256Digest(parsing: String(match.1))
            else { continue }
            digests[String(match.2)] = digest
        }
    }

    var text: String { digests.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }.joined() }
}
