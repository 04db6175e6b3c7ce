import FoundationEssentials
import LivepatchKit

/// A bearer token of an identity provider, for people and pipelines that have one instead of a session.
struct BearerText {
    let text: String

    /// - Parameter file: `nil` to look into `LIVEPATCH_BEARER`.
    /// - Returns: `nil` if neither is there.
    /// - Throws: ``LivepatchError`` with the codes `configuration-invalid` and `malformed-value`; it never quotes the token.
    init?(file: String?, _ environment: [String: String]) throws {
        let source: String
        let found: String
        if let file {
            source = "The file '\(file)'"
            do {
                found = String(decoding: try Data(contentsOf: URL(filePath: file)).prefix(64 << 10), as: UTF8.self)
            } catch {
                throw LivepatchError(
                    .configurationInvalid, "The bearer token's file '\(file)' cannot be read.",
                    suggestion: "Name a readable file with --bearer-file.", cause: error)
            }
        } else if let variable = environment["LIVEPATCH_BEARER"], !variable.isEmpty {
            source = "LIVEPATCH_BEARER"
            found = variable
        } else {
            return nil
        }
        text = found.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard text.wholeMatch(of: /[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/) != nil else {
            throw LivepatchError(
                .malformedValue, "\(source) does not hold a signed token (three parts with dots between them).",
                suggestion: "Take the ID token or access token (a JWT) that your identity provider issues for the server.")
        }
    }
}
