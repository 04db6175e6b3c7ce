/// Something that should hold for all input, and does not for this one.
public struct Finding: Error, CustomStringConvertible {
    public let description: String
}

func require(_ condition: Bool, _ what: @autoclosure () -> String) throws(Finding) {
    guard condition else { throw Finding(description: what()) }
}

extension [UInt8] {
    /// The two parts of an input that stands for two values: before the first line's end, and after it.
    var halves: (String, String)? {
        let parts = split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = String(validating: parts[0], as: UTF8.self),
            let second = String(validating: parts[1], as: UTF8.self)
        else { return nil }
        return (first, second)
    }
}
