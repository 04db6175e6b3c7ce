extension LivepatchError {
    /// Whether a server did nothing of what it was asked, because it had too much to do: then it can be asked again, after
    /// ``retryAfter``.
    public var isServerBusy: Bool { code == .serverOverloaded || code == .rateLimited }
}
