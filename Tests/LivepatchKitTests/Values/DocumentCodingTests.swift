import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct DocumentCodingTests {
    private struct Sample: Codable, Hashable {
        var zebra = 1
        var apple = "a/b"
        var time: Date
        var missing: String?
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try DocumentCoding.encode(value), as: UTF8.self)
    }

    @Test func `keys are sorted, slashes stay, times are RFC 3339, what is not there is left out`() throws {
        let sample = Sample(time: Date(timeIntervalSince1970: 1_717_243_200.9))
        #expect(try text(sample) == #"{"apple":"a/b","time":"2024-06-01T12:00:00Z","zebra":1}"#)
    }

    @Test func `fractions of a second are read and dropped`() throws {
        let json = #"{"apple":"","time":"2024-06-01T12:00:00.75+02:00","zebra":2}"#
        #expect(try DocumentCoding.decode(Sample.self, from: Array(json.utf8)).time == Timestamp.date("2024-06-01T10:00:00Z"))
    }

    @Test func `equal values are equal bytes, in whatever order they were put together`() throws {
        var random = SeededGenerator(seed: 9)
        let versions = (1...200).map { PatchVersion($0, $0 % 7) }
        let expected = try DocumentCoding.encode(
            TierState(reach: Dictionary(uniqueKeysWithValues: versions.map { ($0, "edge") })))
        for _ in 0..<5 {
            var state = TierState()
            for version in versions.shuffled(using: &random) { state.reach[version] = "edge" }
            #expect(try DocumentCoding.encode(state) == expected)
        }
    }

    @Test func `values that are one text are the keys of an object`() throws {
        let reach: [PatchVersion: TierName] = ["9.1": "edge", "107.1": "stable"]
        #expect(try text(reach) == #"{"107.1":"stable","9.1":"edge"}"#)
        #expect(try DocumentCoding.decode([PatchVersion: TierName].self, from: DocumentCoding.encode(reach)) == reach)
        let kernels: [KernelVersion: Architecture] = ["5.15.0-41.41~22.04.1": .arm64]
        #expect(try DocumentCoding.decode([KernelVersion: Architecture].self, from: DocumentCoding.encode(kernels)) == kernels)
    }

    @Test(arguments: [#"{"x":"edge"}"#, #"{"107.1":"Edge"}"#, #"{"107.1":1}"#, #"{"0107.1":"edge"}"#, "[]", "", "{"])
    func `keys and values are checked when they are read`(_ json: String) {
        #expect(throws: (any Error).self) {
            try DocumentCoding.decode([PatchVersion: TierName].self, from: Array(json.utf8))
        }
    }

    @Test(arguments: [
        ("{", "not JSON"), ("[]", "is not a"), (#"{"version":"107.1"}"#, "'files' is missing"),
        (#"{"version":1,"files":[]}"#, "version"), (#"{"version":null,"files":[]}"#, "version"),
        (#"{"version":"x","files":[]}"#, "'x' is not a patch version"),
        (#"{"version":"107.1","files":[{"name":"x"}]}"#, "files"),
    ])
    func `what is wrong with a document is said in words, with the place`(json: String, words: String) throws {
        let error = #expect(throws: (any Error).self) {
            try DocumentCoding.decode(VersionDocument.self, from: Array(json.utf8))
        }
        let reason = DocumentCoding.reason(try #require(error))
        #expect(reason.contains(words), "\(reason)")
        #expect(!reason.contains("DecodingError"), "\(reason)")
    }
}
