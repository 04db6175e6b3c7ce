import Foundation
import LivepatchConfiguration
import LivepatchKit
import Testing

let aToken = "7d0f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a11"
let aHash = "$2y$10$abcdefghijklmnopqrstuv./ABCDEFGHIJKLMNOPQRSTUVWXYZ012"

/// A directory that is gone after the test.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let directory = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
}

@discardableResult
func write(_ text: String, to path: String, permissions: Int = 0o600) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: path)
    return path
}

func load(
    set assignments: String..., options: [ConfigurationOption] = [], environment: [String: String] = [:], yaml: String? = nil,
    purpose: ConfigurationSources.Purpose = .server
) throws -> LoadedConfiguration {
    try load(assignments, options: options, environment: environment, yaml: yaml, purpose: purpose)
}

func load(
    _ assignments: [String], options: [ConfigurationOption] = [], environment: [String: String] = [:], yaml: String? = nil,
    purpose: ConfigurationSources.Purpose = .server
) throws -> LoadedConfiguration {
    try withDirectory { directory in
        let file = try yaml.map { try write($0, to: directory + "/livepatch.yaml") }
        return try ConfigurationSources(assignments: assignments, options: options, environment: environment, file: file)
            .load(for: purpose)
    }
}

/// What is wrong with a configuration; empty if nothing is.
func problems(
    set assignments: String..., options: [ConfigurationOption] = [], environment: [String: String] = [:], yaml: String? = nil,
    purpose: ConfigurationSources.Purpose = .server
) -> [ConfigurationProblem] {
    problems(assignments, options: options, environment: environment, yaml: yaml, purpose: purpose)
}

func problems(
    _ assignments: [String], options: [ConfigurationOption] = [], environment: [String: String] = [:], yaml: String? = nil,
    purpose: ConfigurationSources.Purpose = .server
) -> [ConfigurationProblem] {
    do {
        _ = try load(assignments, options: options, environment: environment, yaml: yaml, purpose: purpose)
        return []
    } catch {
        let error = error as? LivepatchError
        #expect(error?.code == .configurationInvalid)
        return error?.configurationProblems ?? []
    }
}
