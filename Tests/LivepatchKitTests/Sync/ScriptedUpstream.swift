import LivepatchKit
import LivepatchTesting
import Synchronization

/// An upstream that has contents, and a script of what goes wrong with each of them, attempt by attempt.
final class ScriptedUpstream: UpstreamServer {
    /// What happens to one attempt at a file.
    enum Turn: Sendable {
        /// Sends what was asked for.
        case serve
        /// Sends everything from the beginning, whatever was asked for.
        case ignoreRange
        /// Begins at a byte that nobody asked for.
        case beginAt(Int64)
        /// Ends, as if that were all, after so many bytes.
        case truncate(after: Int)
        /// Breaks off with an error after so many bytes.
        case breakOff(after: Int, LivepatchError.Code)
        /// Changes the last byte.
        case falsify
        /// Sends so many bytes more than there are.
        case excess(Int)
        /// Answers with an error instead.
        case fail(LivepatchError.Code)
        /// Asks for patience.
        case busy(retryAfter: Duration?)
        /// Sends so many bytes, and then nothing until it is cancelled.
        case stall(after: Int)
    }

    /// A question for content.
    struct Request: Hashable, Sendable {
        let file: PatchFileName
        let offset: Int64
        /// When it came, by the clock.
        let time: Duration
    }

    private struct State {
        var turns: [PatchFileName: [Turn]] = [:]
        var requests: [Request] = []
        var sent: [PatchFileName: Int] = [:]
        var underWay = 0
        var mostUnderWay = 0
    }

    static let chunkSize = 100

    let files: [PatchFile]
    private let contents: [PatchFileName: [UInt8]]
    private let clock: ManualClock
    private let state: Mutex<State>

    /// - Parameter turns: what happens to a file's attempts; it is served when its turns are over.
    init(_ contents: [PatchFileName: [UInt8]], clock: ManualClock, turns: [PatchFileName: [Turn]] = [:]) {
        self.contents = contents
        self.clock = clock
        files = contents.map { name, bytes in
            PatchFile(
                name: name, length: Int64(bytes.count), digest: SHA256Digest(of: bytes), released: clock.start)
        }.sorted { $0.name < $1.name }
        state = Mutex(State(turns: turns))
    }

    var requests: [Request] { state.withLock { $0.requests } }
    var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }

    func offsets(of file: PatchFileName) -> [Int64] { requests.filter { $0.file == file }.map(\.offset) }

    /// How many bytes of a file were sent.
    func sent(_ file: PatchFileName) -> Int { state.withLock { $0.sent[file] ?? 0 } }

    func address() async -> String { "scripted" }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        throw LivepatchError(.upstreamLacks, "No documents here.")
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        throw LivepatchError(.upstreamLacks, "No documents here.")
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? { nil }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        let time = clock.now.offset
        let turn = state.withLock { state in
            state.requests.append(Request(file: file.name, offset: offset, time: time))
            guard var turns = state.turns[file.name], !turns.isEmpty else { return Turn.serve }
            let turn = turns.removeFirst()
            state.turns[file.name] = turns
            return turn
        }
        guard var bytes = contents[file.name] else { throw LivepatchError(.upstreamLacks, "There is no \(file.name).") }
        var start = offset
        var end: (LivepatchError.Code?, after: Int)?
        switch turn {
        case .serve: break
        case .ignoreRange: start = 0
        case .beginAt(let byte): start = byte
        case .truncate(let count): end = (nil, count)
        case .breakOff(let count, let code): end = (code, count)
        case .falsify: bytes[bytes.count - 1] ^= 1
        case .excess(let count): bytes += Array(repeating: 0, count: count)
        case .fail(let code): throw LivepatchError(code, "It is \(code).")
        case .busy(let retryAfter):
            throw UpstreamBusy(retryAfter: retryAfter, error: LivepatchError(.upstreamFailed, "It is busy."))
        case .stall(let count): end = (.upstreamTimeout, count)
        }
        let stalls = if case .stall = turn { true } else { false }
        return ContentStream(offset: start, chunks: stream(file.name, Array(bytes.dropFirst(Int(start))), end, stalls))
    }

    private func stream(
        _ name: PatchFileName, _ bytes: [UInt8], _ end: (LivepatchError.Code?, after: Int)?, _ stalls: Bool
    ) -> AsyncThrowingStream<[UInt8], any Error> {
        let rest = Mutex((bytes: (end.map { bytes.prefix($0.after) } ?? bytes[...]), begun: false, ended: false))
        return AsyncThrowingStream { [self] in
            // Others get their turn, so that transfers that may overlap do.
            await Task.yield()
            if !rest.withLock({ rest in
                defer { rest.begun = true }
                return rest.begun
            }) {
                state.withLock { state in
                    state.underWay += 1
                    state.mostUnderWay = max(state.mostUnderWay, state.underWay)
                }
            }
            let chunk = rest.withLock { rest in
                let chunk = rest.bytes.prefix(Self.chunkSize)
                rest.bytes = rest.bytes.dropFirst(Self.chunkSize)
                return Array(chunk)
            }
            if !chunk.isEmpty {
                state.withLock { $0.sent[name, default: 0] += chunk.count }
                return chunk
            }
            defer {
                leave(
                    rest.withLock { rest in
                        defer { rest.ended = true }
                        return rest.ended
                    })
            }
            if stalls { try await clock.sleep(for: .seconds(1_000_000)) }
            if let code = end?.0 { throw LivepatchError(code, "It is \(code).") }
            return nil
        }
    }

    private func leave(_ again: Bool) {
        guard !again else { return }
        state.withLock { $0.underWay -= 1 }
    }
}
