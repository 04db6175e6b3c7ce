import Foundation
import TUF

extension FuzzTarget {
    /// A pattern matches what fnmatch(3) says that it matches, and never takes long. The input is a pattern, and in the next line a
    /// path.
    static let pathPattern = FuzzTarget("path-pattern") { bytes in
        guard let (pattern, path) = bytes.halves else { return }
        let matches = PathPattern(pattern).matches(path)
        if isPlain(pattern) {
            try require(matches == pattern.utf8.elementsEqual(path.utf8), "A pattern without wildcards matches another path.")
        }
        guard isComparable(pattern), isComparable(path) else { return }
        let expected = fnmatch(pattern, path, FNM_PATHNAME | FNM_NOESCAPE) == 0
        try require(matches == expected, "“\(pattern)” and “\(path)”: fnmatch says \(expected).")
    }

    private static func isPlain(_ pattern: String) -> Bool { !pattern.utf8.contains { "*?[".utf8.contains($0) } }

    /// Where fnmatch says the same in every locale, and needs no exponential time.
    private static func isComparable(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && text.utf8.count { $0 == 0x2A } <= 4
            && isWithoutClasses(text)
    }

    /// In sets, fnmatch also knows classes of characters, `^`, and what lies between the locale's letters.
    private static func isWithoutClasses(_ text: String) -> Bool {
        !text.contains("[") || !text.utf8.contains { ":.=^/".utf8.contains($0) }
    }
}
