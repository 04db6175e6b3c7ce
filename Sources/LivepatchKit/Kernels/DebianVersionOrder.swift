/// The order of Debian version strings, as deb-version(7) defines it.
///
/// Digits compare as numbers; in between, `~` sorts before everything (the end included), letters before all other characters.
enum DebianVersionOrder {
    /// Negative, zero or positive, as `left` sorts before, with or after `right`.
    static func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var i = 0
        var j = 0
        while i < left.count || j < right.count {
            while (i < left.count && !isDigit(left[i])) || (j < right.count && !isDigit(right[j])) {
                let a = weight(left, i)
                let b = weight(right, j)
                if a != b { return a - b }
                i += 1
                j += 1
            }
            while i < left.count, left[i] == UInt8(ascii: "0") { i += 1 }
            while j < right.count, right[j] == UInt8(ascii: "0") { j += 1 }
            var firstDifference = 0
            while i < left.count, isDigit(left[i]), j < right.count, isDigit(right[j]) {
                if firstDifference == 0 { firstDifference = Int(left[i]) - Int(right[j]) }
                i += 1
                j += 1
            }
            if i < left.count, isDigit(left[i]) { return 1 }
            if j < right.count, isDigit(right[j]) { return -1 }
            if firstDifference != 0 { return firstDifference }
        }
        return 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func weight(_ bytes: [UInt8], _ index: Int) -> Int {
        guard index < bytes.count, !isDigit(bytes[index]) else { return 0 }
        let byte = bytes[index]
        if byte == UInt8(ascii: "~") { return -1 }
        let isLetter =
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        return isLetter ? Int(byte) : Int(byte) + 256
    }
}
