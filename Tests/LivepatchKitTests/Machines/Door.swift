import Testing

/// Something that is waited for until somebody opens it.
actor Door {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// How many have come to it.
    private(set) var arrivals = 0

    func pass() async {
        arrivals += 1
        guard !isOpen else { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

/// Returns when a condition holds, or fails the test when it does not within half a minute.
func eventually(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(30))
    while !(try await condition()) {
        try #require(clock.now < deadline, "it never came to that", sourceLocation: sourceLocation)
        await Task.yield()
    }
}
