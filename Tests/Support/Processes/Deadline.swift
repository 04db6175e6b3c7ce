/// A condition that did not come true in time.
public struct DeadlinePassed: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Returns as soon as the condition holds.
/// - Parameters:
///   - what: the condition in words, as in "the server is ready".
///   - limit: how long it may take.
/// - Throws: ``DeadlinePassed`` when it took longer, or what the condition throws.
public func eventually(
    _ what: @autoclosure () -> String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw DeadlinePassed("It did not happen within \(limit): \(what()).") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
