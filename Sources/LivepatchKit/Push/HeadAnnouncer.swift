/// An upstream that says by itself when the token's view has changed.
public protocol HeadAnnouncer: UpstreamServer {
    /// The tags of the view's head: the current one first, then another whenever it has changed, until the upstream ends the stream
    /// in order or it breaks off. Letting go of the stream ends the exchange.
    /// - Throws: ``LivepatchError``, or ``UpstreamBusy``, as all questions do; `upstream-lacks` if it does not announce anything. The
    ///   stream throws `upstream-timeout` when the upstream has been silent for longer than a living one is.
    func headTags() async throws -> AsyncThrowingStream<String, any Error>
}
