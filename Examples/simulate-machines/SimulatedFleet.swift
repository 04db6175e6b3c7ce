import Foundation
import LivepatchKit

/// Machines in a file, which nobody else may read: it holds their tokens.
struct SimulatedFleet {
    private let file: String
    var machines: [SimulatedMachine]

    /// - Parameter file: without it there are no machines yet.
    init(in file: String) throws {
        self.file = file
        guard FileManager.default.fileExists(atPath: file) else {
            machines = []
            return
        }
        machines = try DocumentCoding.decode([SimulatedMachine].self, from: Array(Data(contentsOf: URL(filePath: file))))
    }

    func save() throws {
        let content = Data(try DocumentCoding.encode(machines))
        guard FileManager.default.createFile(atPath: file, contents: content, attributes: [.posixPermissions: 0o600]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file])
        }
    }

    /// Does something with every machine, some of them at a time.
    mutating func forEach(
        _ body: @escaping @Sendable (inout SimulatedMachine) async throws -> Void
    ) async throws {
        machines = try await Self.inParallel(machines) { machine in
            var machine = machine
            try await body(&machine)
            return machine
        }
    }

    /// What is made of each, in order.
    static func inParallel<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ body: @escaping @Sendable (Input) async throws -> Output
    ) async throws -> [Output] {
        var waiting = inputs.enumerated().makeIterator()
        var outputs: [(index: Int, output: Output)] = []
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            func begin() {
                guard let (index, input) = waiting.next() else { return }
                group.addTask { (index, try await body(input)) }
            }
            for _ in 0..<24 { begin() }
            while let (index, output) = try await group.next() {
                outputs.append((index, output))
                begin()
            }
        }
        return outputs.sorted { $0.index < $1.index }.map(\.output)
    }

    /// How many machines have what, a line for each.
    var summary: [String] {
        let groups = Dictionary(grouping: machines) { machine in
            "\(machine.server)  \(machine.applied?.description ?? "unpatched")  \(machine.state.rawValue)"
        }
        return groups.sorted { $0.key < $1.key }.map { "\($0.value.count) at \($0.key)" }
    }
}
