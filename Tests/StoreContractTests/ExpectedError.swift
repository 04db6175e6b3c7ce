import LivepatchKit
import Testing

/// Expects an error with a code.
func expectError(
    _ code: LivepatchError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        let actual = (error as? LivepatchError)?.code
        #expect(actual == code, "\(error)", sourceLocation: sourceLocation)
    }
}
