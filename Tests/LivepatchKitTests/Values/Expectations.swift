import LivepatchKit
import Testing

/// Expects a ``LivepatchError`` with a code, and words in what a person reads.
@discardableResult
func expectError<Value>(
    _ code: LivepatchError.Code, naming words: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Value
) -> LivepatchError? {
    do {
        _ = try body()
        Issue.record("nothing was thrown instead of \(code)", sourceLocation: sourceLocation)
        return nil
    } catch {
        return check(error, code, words, sourceLocation)
    }
}

/// Expects a ``LivepatchError`` with a code, and words in what a person reads.
@discardableResult
func expectError<Value>(
    _ code: LivepatchError.Code, naming words: [String] = [], sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async -> LivepatchError? {
    do {
        _ = try await body()
        Issue.record("nothing was thrown instead of \(code)", sourceLocation: sourceLocation)
        return nil
    } catch {
        return check(error, code, words, sourceLocation)
    }
}

private func check(
    _ error: any Error, _ code: LivepatchError.Code, _ words: [String], _ sourceLocation: SourceLocation
) -> LivepatchError? {
    guard let error = error as? LivepatchError else {
        Issue.record("\(error) was thrown instead of \(code)", sourceLocation: sourceLocation)
        return nil
    }
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    for word in words { #expect(error.description.contains(word), "\(error)", sourceLocation: sourceLocation) }
    return error
}
