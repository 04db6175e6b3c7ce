import Foundation
import FuzzTargets
import PatchGenerator
import Testing

/// What the fuzzer starts from, and what it has found: `Fuzzing/Corpus` has a folder for each target.
@Suite struct `Fuzzing` {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzzing/Corpus")
        .standardizedFileURL

    /// How many inputs each target is tried with besides, unless that takes too long.
    private static let mutations = 1500
    private static let patience = Duration.seconds(1.5)

    private static func inputs(of target: FuzzTarget) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: corpus.appending(path: target.name), includingPropertiesForKeys: nil)
    }

    @Test(arguments: FuzzTarget.all) func `finds nothing in what it has found before`(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(of: target)
        #expect(!inputs.isEmpty)
        for input in inputs {
            #expect(throws: Never.self, "\(target)/\(input.lastPathComponent)") {
                try target.check(Array(Data(contentsOf: input)))
            }
        }
    }

    @Test(arguments: FuzzTarget.all) func `finds nothing in what has an end too early`(_ target: FuzzTarget) throws {
        for input in try Self.inputs(of: target) {
            let bytes = try Array(Data(contentsOf: input))
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 20)) {
                #expect(throws: Never.self, "\(target)/\(input.lastPathComponent), \(length) bytes") {
                    try target.check(Array(bytes[..<length]))
                }
            }
        }
    }

    /// What libFuzzer does better, in seconds and without building anything anew: each change is tried with the same inputs, so that
    /// what is found is the change's. Other seeds look further.
    @Test(arguments: FuzzTarget.all) func `finds nothing in what is like it`(_ target: FuzzTarget) throws {
        let seed = ProcessInfo.processInfo.environment["LIVEPATCH_TEST_SEED"].flatMap(UInt64.init) ?? 1
        let inputs = try Self.inputs(of: target).sorted { $0.path < $1.path }.map { try Array(Data(contentsOf: $0)) }
        let dictionary = Self.corpus.deletingLastPathComponent().appending(path: "Dictionaries/\(target).dict")
        var mutator = Mutator(inputs, dictionary: dictionary, SeededRandom(seed: seed, name: target.name))
        let end = ContinuousClock.now + Self.patience
        for _ in 0..<Self.mutations where ContinuousClock.now < end {
            let input = mutator.next()
            do {
                try target.check(input)
            } catch {
                Issue.record(
                    "\(error)\nThe input, with LIVEPATCH_TEST_SEED=\(seed), in Base64: \(Data(input).base64EncodedString())")
                return
            }
        }
    }

    @Test func `reads the words of a dictionary`() {
        let words = Mutator.words(in: "# a comment\n\"{\"\nname=\"\\xEF\\x00\\\"\\\\\"\n")
        #expect(words == [Array("{".utf8), [0xEF, 0, 0x22, 0x5C]])
    }

    @Test func `has nothing that no target reads`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
        #expect(Set(folders).count == FuzzTarget.all.count)
    }
}
