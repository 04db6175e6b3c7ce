/// How many single characters have to be inserted, removed or replaced to make one text of another (Levenshtein): what an error
/// that suggests the word which was probably meant goes by.
package enum EditDistance {
    /// Texts longer than 100 characters are cut there: no name is that long, and a mistake must not cost a second.
    package static func between(_ left: [Character], _ right: [Character]) -> Int {
        let left = left.prefix(100)
        let right = right.prefix(100)
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
