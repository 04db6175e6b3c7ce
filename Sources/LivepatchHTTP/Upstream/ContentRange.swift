/// What the answer 206 says about the bytes that it brings: `bytes 100-199/200` (RFC 9110, section 14.4).
package struct ContentRange: Hashable {
    package let first: Int64
    package let last: Int64
    /// `nil` where the server does not say.
    package let complete: Int64?

    /// `nil` for anything that is not a satisfied range of bytes.
    package init?(_ field: String) {
        guard let match = field.wholeMatch(of: /(?i:bytes) +([0-9]{1,18})-([0-9]{1,18})\/([0-9]{1,18}|\*)/),
            let first = Int64(match.1), let last = Int64(match.2), first <= last
        else { return nil }
        self.first = first
        self.last = last
        complete = Int64(match.3)
        if let complete, last >= complete { return nil }
    }
}
