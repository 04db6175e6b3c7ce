import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// Uploads files, a few at once, and goes on after those that are refused.
struct ImportRun: Sendable {
    private enum Outcome: Sendable {
        case done(PatchImportBody)
        case refused(ImportSummary.Refusal)
        case stopped(any Error)
    }

    /// Errors that every further file would meet too.
    static let hopeless: Set<LivepatchError.Code> = [
        .serverUnreachable, .unavailable, .loginRequired, .loginFailed, .importRefused, .managedUpstream, .storageFull,
        .databaseUnavailable, .methodNotAllowed, .internalFault, .cancelled,
    ]

    private let server: any AdministeredServer
    private let metadata: PatchMetadata
    private let atOnce: Int

    /// - Parameter atOnce: how many files are uploaded at once, 1 or more.
    init(server: any AdministeredServer, metadata: PatchMetadata, atOnce: Int) {
        self.server = server
        self.metadata = metadata
        self.atOnce = atOnce
    }

    /// - Returns: what became of the files, and the error that ended the import before its end, if one did.
    func run(_ files: [ImportSelection.File], bar: ProgressBar) async -> (ImportSummary, stopped: (any Error)?) {
        bar.update(TransferProgress(files: files.count, bytes: files.reduce(0) { $0 + $1.length }))
        var summary = ImportSummary()
        var stopped: (any Error)?
        await withTaskGroup(of: Outcome.self) { group in
            var waiting = files[...]
            for file in waiting.prefix(atOnce) { group.addTask { await upload(file, bar) } }
            waiting = waiting.dropFirst(atOnce)
            while let outcome = await group.next() {
                switch outcome {
                case .done(let body): summary.add(body)
                case .refused(let refusal): summary.refused.append(refusal)
                case .stopped(let error):
                    stopped = stopped ?? error
                    group.cancelAll()
                }
                if stopped == nil, let file = waiting.popFirst() { group.addTask { await upload(file, bar) } }
            }
        }
        summary.sort()
        return (summary, stopped)
    }

    private func upload(_ file: ImportSelection.File, _ bar: ProgressBar) async -> Outcome {
        let sent = SentBytes()
        do {
            // A name that cannot be right is not worth its upload.
            _ = try PatchFileName(parsing: file.name)
            let body = try await server.importPatch(at: file.path, as: file.name, metadata: metadata) { bytes, _ in
                let more = sent.advance(to: bytes)
                bar.update { $0.bytesDone += more }
            }
            bar.update {
                $0.filesDone += 1
                $0.bytesDone += sent.advance(to: file.length)
            }
            return .done(body)
        } catch {
            let error = error as? LivepatchError ?? LivepatchError(.internalFault, "\(error)", cause: error)
            if Self.hopeless.contains(error.code) { return .stopped(error) }
            bar.update {
                $0.filesFailed += 1
                $0.bytesDone += sent.advance(to: file.length)
            }
            return .refused(ImportSummary.Refusal(file: file.path, code: error.code.rawValue, message: error.description))
        }
    }
}
