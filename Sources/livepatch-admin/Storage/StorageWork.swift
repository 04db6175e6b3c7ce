import LivepatchAPI
import LivepatchConsole
import LivepatchKit

extension AdminContext {
    /// Shows the progress of work on the storage until it has ended.
    /// - Throws: ``LivepatchError`` with the code `server-unreachable` if the server stops telling before that.
    func follow<Result>(
        _ events: AsyncThrowingStream<StorageEventBody<Result>, any Error>, _ title: String, _ output: OutputOptions
    ) async throws -> Result {
        let bar = ProgressBar(title, on: console, silent: output.quiet)
        defer { bar.end() }
        for try await event in events {
            switch event {
            case .progress(let progress): bar.update(TransferProgress(progress))
            case .ended(let result): return result
            case .problem(let problem): throw problem.error
            }
        }
        throw LivepatchError(
            .serverUnreachable, "The server stopped telling how far it is before it was done.",
            suggestion: "The work may go on there; see `livepatch-admin status`.")
    }
}
