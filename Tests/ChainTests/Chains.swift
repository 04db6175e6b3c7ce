import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

/// Short ways to say what chain tests say often.
func version(_ text: String) throws -> PatchVersion { try PatchVersion(parsing: text) }
func tier(_ text: String) throws -> TierName { try TierName(parsing: text) }

/// The name of a version's file for one of many kernels.
func fileName(_ version: String, kernel: Int = 107, flavour: String = "generic", architecture: String = "amd64") -> String {
    "livepatch-5.15.0-\(kernel).\(kernel + 10)-\(flavour)-\(version)-\(architecture).tar.bz2"
}

/// Content that differs by its name, of a length that takes several chunks.
func content(_ name: String, length: Int = 200_000) -> [UInt8] {
    let seed = Array(name.utf8)
    return (0..<length).map { seed[$0 % seed.count] &+ UInt8(truncatingIfNeeded: $0 >> 8) }
}

extension InProcessServer {
    func release(_ version: String, kernels: ClosedRange<Int> = 107...107, length: Int = 200_000) async throws {
        for kernel in kernels {
            let name = fileName(version, kernel: kernel)
            try await release(name, content(name, length: length))
        }
    }

    func offer(_ tier: String) async throws -> [String] {
        try await offers().first { $0.tier.rawValue == tier }?.versions.map(\.description) ?? []
    }

    func promote(_ version: String, _ tier: String) async throws {
        try await administer(.promote(version: PatchVersion(parsing: version), tier: TierName(parsing: tier)))
    }
}

/// Counts steps at an upstream, and fails those that a test chooses.
final class StepLog: Sendable {
    private let steps = Mutex<[ProbedUpstream.Step]>([])
    private let failure: @Sendable (ProbedUpstream.Step, Int) -> (any Error)?

    /// - Parameter failure: what a step fails with, given how many steps came before it.
    init(failing failure: @escaping @Sendable (ProbedUpstream.Step, Int) -> (any Error)? = { _, _ in nil }) {
        self.failure = failure
    }

    @Sendable func note(_ step: ProbedUpstream.Step) async throws {
        let count = steps.withLock { steps in
            steps.append(step)
            return steps.count - 1
        }
        if let error = failure(step, count) { throw error }
    }

    var all: [ProbedUpstream.Step] { steps.withLock { $0 } }
    var documents: [DocumentName] { all.compactMap { if case .document(let name) = $0 { name } else { nil } } }
    var metadata: [MetadataFile] { all.compactMap { if case .metadata(let file) = $0 { file } else { nil } } }
    var contents: [PatchFileName] { all.compactMap { if case .content(let name, _) = $0 { name } else { nil } } }
}

extension ProbedUpstream.Step {
    /// Whether it asks for something of who offers which patch.
    var isOfTiers: Bool {
        guard case .metadata(let file) = self, case .view = file.repository else { return false }
        return true
    }
}

let unreachable = LivepatchError(.upstreamUnreachable, "The test cut the line.")
