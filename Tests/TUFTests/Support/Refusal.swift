import TUF
import Testing

/// Expects something to be refused for one particular reason.
func expectRefusal(
    _ code: TUFError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    let error = await #expect(throws: TUFError.self, sourceLocation: sourceLocation) { try await body() }
    if let error { #expect(error.code == code, "\(error)", sourceLocation: sourceLocation) }
}
