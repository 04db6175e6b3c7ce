import Foundation
import FuzzTargets
import Testing

/// What the fuzzer starts from, and what it has found: `Fuzzing/Corpus` has a folder for each target.
@Suite struct `Fuzzing` {
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzzing/Corpus")
        .standardizedFileURL

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
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)) {
                #expect(throws: Never.self, "\(target)/\(input.lastPathComponent), \(length) bytes") {
                    try target.check(Array(bytes[..<length]))
                }
            }
        }
    }

    @Test func `has nothing that no target reads`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
        #expect(Set(folders).count == FuzzTarget.all.count)
    }
}
