import Foundation
import PatchGenerator

/// Makes inputs out of inputs, as libFuzzer does, but without looking at what comes of them.
struct Mutator {
    private let inputs: [[UInt8]]
    private let words: [[UInt8]]
    private var random: SeededRandom

    private static let edges = [
        "0", "-1", "1", "255", "65536", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551616", "1e400", "null", "\u{0}", "\u{FEFF}", "\u{301}", "%00", "\"", "\n",
        "\r\n", "\t",
    ].map { Array($0.utf8) }

    /// - Parameters:
    ///   - inputs: what is begun with.
    ///   - dictionary: libFuzzer's file of words; `nil` for none.
    init(_ inputs: [[UInt8]], dictionary: URL?, _ random: SeededRandom) {
        self.inputs = inputs
        self.random = random
        words = Self.edges + Self.words(in: dictionary.flatMap { try? String(contentsOf: $0, encoding: .utf8) } ?? "")
    }

    /// The quoted words of a dictionary, with `\xNN`, `\\` and `\"`.
    static func words(in dictionary: String) -> [[UInt8]] {
        dictionary.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let match = line.firstMatch(of: /"((?:[^"\\]|\\.)*)"\s*$/) else { return nil }
            var bytes: [UInt8] = []
            var rest = Array(match.1.utf8)[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
                    bytes.append(byte)
                    continue
                }
                if escaped == UInt8(ascii: "x"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(escaped)
                }
            }
            return bytes
        }
    }

    mutating func next() -> [UInt8] {
        var bytes = inputs.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...5, using: &random) { change(&bytes) }
        return Array(bytes.prefix(8192))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let length = min(bytes.count - place, Int.random(in: 1...(Bool.random(using: &random) ? 4 : 64), using: &random))
        let part = place..<place + max(0, length)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 1: if place < bytes.count { bytes[place] = UInt8.random(in: .min ... .max, using: &random) }
        case 2: bytes.removeSubrange(part)
        case 3: bytes.insert(contentsOf: bytes[part], at: place)
        case 4: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: place)
        case 5: bytes.replaceSubrange(part, with: words.randomElement(using: &random) ?? [])
        case 6: exchangeNumber(&bytes)
        case 7:
            guard let other = inputs.randomElement(using: &random), !other.isEmpty else { return }
            bytes = Array(bytes[..<place] + other[Int.random(in: 0..<other.count, using: &random)...])
        default: bytes.replaceSubrange(part, with: random.bytes(part.count))
        }
    }

    /// Puts another number where one is.
    private mutating func exchangeNumber(_ bytes: inout [UInt8]) {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        guard let place = bytes.indices.filter({ isDigit(bytes[$0]) }).randomElement(using: &random) else { return }
        let end = bytes[place...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(place..<end, with: Self.edges[..<12].randomElement(using: &random) ?? [])
    }
}
