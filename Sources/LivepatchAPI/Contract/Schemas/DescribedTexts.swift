import LivepatchKit
import TUF

/// A value that is written as one string. The pattern admits at least what the type reads, and little more.
protocol DescribedText: DescribedValue, TextCodable {
    /// A regular expression of ECMA-262, as JSON Schema has them.
    static var pattern: String { get }
    static var example: String { get }
}

extension DescribedText {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        (
            ["type": "string", "pattern": .string("^\(pattern)$"), "examples": [.string(example)]],
            try Self(parsing: example)
        )
    }
}

private enum Pattern {
    static let number = "(0|[1-9][0-9]{0,8})"
    static let series = #"\#(number)(\.\#(number)){0,5}"#
    static let kernel = #"\#(series)-\#(number)\.[0-9][A-Za-z0-9.+~]{0,47}"#
    static let flavour = "[a-z0-9]+(-[a-z0-9]+)*"
    static let architecture = "[a-z0-9]{1,32}"
    static let version = #"\#(number)\.\#(number)"#
    static let digest = "[0-9a-f]{64}"
}

extension TierName: DescribedText {
    static let pattern = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
    static let example = "stable"
}

extension DeploymentID: DescribedText {
    static let pattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
    static let example = "origin-1"
}

extension PatchVersion: DescribedText {
    static let pattern = Pattern.version
    static let example = "107.1"
}

extension PatchFileName: DescribedText {
    static let pattern =
        #"livepatch-\#(Pattern.kernel)-\#(Pattern.flavour)-\#(Pattern.version)-\#(Pattern.architecture)\.tar\.bz2"#
    static let example = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
}

extension SHA256Digest: DescribedText {
    static let pattern = Pattern.digest
    static let example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}

extension HashedMachineID: DescribedText {
    static let pattern = Pattern.digest
    static let example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
}

extension MachineID: DescribedText {
    static let pattern = "[A-Za-z0-9][A-Za-z0-9._:-]{0,127}"
    static let example = "0123456789abcdef0123456789abcdef"
}

extension KernelSeries: DescribedText {
    static let pattern = Pattern.series
    static let example = "5.15"
}

extension KernelVersion: DescribedText {
    static let pattern = Pattern.kernel
    static let example = "5.15.0-107.117"
}

extension Flavour: DescribedText {
    static let pattern = Pattern.flavour
    static let example = "generic"
}

extension Architecture: DescribedText {
    static let pattern = Pattern.architecture
    static let example = "amd64"
}

extension Codename: DescribedText {
    static let pattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,31}"
    static let example = "jammy"
}

extension TrustPublicKey: DescribedText {
    static let pattern = "ed25519 \(Pattern.digest)"
    static let example = "ed25519 d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
}

extension WebhookURL: DescribedText {
    static let pattern = #"[Hh][Tt][Tt][Pp][Ss]?://[!-"$-~]+"#
    static let example = "https://hooks.example.com/livepatch"
}
