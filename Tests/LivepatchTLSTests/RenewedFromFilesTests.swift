import Foundation
import LivepatchKit
import LivepatchTLS
import Testing

@Suite struct `What is renewed from files` {
    /// Reads two files that have to say the same.
    private func pair(in directory: String) throws -> RenewedFromFiles<String> {
        try RenewedFromFiles(["\(directory)/a", "\(directory)/b"], now: Date()) { _ in
            guard let one = Self.text("\(directory)/a"), let other = Self.text("\(directory)/b") else {
                throw LivepatchError(.configurationInvalid, "One is missing.")
            }
            guard one == other else { throw LivepatchError(.configurationInvalid, "\(one) is not \(other).") }
            return one
        }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    private func described(_ outcome: RenewedFromFiles<String>.Outcome) -> String {
        switch outcome {
        case .unchanged: "unchanged"
        case .renewed(let value): "renewed: \(value)"
        case .refused(let error): "refused: \(error.message)"
        }
    }

    @Test func `is taken up once the files have stopped changing, and not between`() throws {
        try withDirectory { directory in
            try write("1", to: "\(directory)/a")
            try write("1", to: "\(directory)/b")
            let renewed = try pair(in: directory)
            func look() -> String { described(renewed.look(now: Date())) }
            #expect(look() == "unchanged")
            try write("2", to: "\(directory)/a")
            #expect(look() == "unchanged", "the other one has not been written yet")
            try write("2", to: "\(directory)/b")
            #expect(look() == "unchanged", "it has just been written")
            #expect(renewed.value == "1")
            #expect(look() == "renewed: 2")
            #expect(look() == "unchanged")
            #expect(renewed.valueAndGeneration == ("2", 1))
        }
    }

    @Test func `is taken up at once when somebody says so`() throws {
        try withDirectory { directory in
            try write("1", to: "\(directory)/a")
            try write("1", to: "\(directory)/b")
            let renewed = try pair(in: directory)
            try write("2", to: "\(directory)/a")
            try write("2", to: "\(directory)/b")
            #expect(described(renewed.look(now: Date(), isAsked: true)) == "renewed: 2")
            #expect(described(renewed.look(now: Date(), isAsked: true)) == "unchanged")
        }
    }

    @Test func `stays while the files cannot be used, which is told once, and is renewed when they can`() throws {
        try withDirectory { directory in
            try write("1", to: "\(directory)/a")
            try write("1", to: "\(directory)/b")
            let renewed = try pair(in: directory)
            func look() -> String { described(renewed.look(now: Date())) }
            try write("2", to: "\(directory)/a")
            _ = look()
            #expect(look() == "refused: 2 is not 1.")
            #expect(look() == "unchanged")
            #expect(renewed.value == "1")
            #expect(renewed.failure?.message == "2 is not 1.")
            #expect(described(renewed.look(now: Date(), isAsked: true)) == "refused: 2 is not 1.")
            try FileManager.default.removeItem(atPath: "\(directory)/b")
            _ = look()
            #expect(look() == "refused: One is missing.")
            try write("2", to: "\(directory)/b")
            _ = look()
            #expect(look() == "renewed: 2")
            #expect(renewed.failure == nil)
        }
    }

    @Test func `throws at first what nothing can be taken from`() throws {
        try withDirectory { directory in
            #expect(throws: LivepatchError.self) { try pair(in: directory) }
        }
    }
}
