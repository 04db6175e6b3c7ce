import Foundation
import LivepatchConfiguration
import LivepatchKit

extension FuzzTarget {
    /// A configuration, whatever is in the file, the environment and on the command line, is taken or refused with reasons that are for
    /// a person to read. The input is a file; its lines are also what is set in both other ways.
    static let configuration = FuzzTarget("configuration") { bytes in
        // Nobody's files are read: a path in the input could name any.
        guard !bytes.contains(UInt8(ascii: "/")) else { return }
        let file = FileManager.default.temporaryDirectory.appending(path: "livepatch-fuzz-\(UUID().uuidString).yaml")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try check(ConfigurationSources(file: file.path))
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        try check(ConfigurationSources(assignments: lines))
        var environment: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0].uppercased().replacing(".", with: "_").replacing("-", with: "_")
            environment["LP_\(name)"] = parts.count == 2 ? parts[1] : ""
        }
        try check(ConfigurationSources(environment: environment))
    }

    private static func check(_ sources: ConfigurationSources) throws {
        do {
            let loaded = try sources.load()
            try require(!loaded.effective.entries.isEmpty, "A configuration has no keys.")
            _ = loaded.effective.description
        } catch let error as LivepatchError {
            try require(error.code == .configurationInvalid, "The configuration is refused with \(error.code): \(error.message)")
            try require(!error.configurationProblems.isEmpty, "The configuration is refused without a reason.")
        }
    }
}
