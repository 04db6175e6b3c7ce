import FoundationEssentials
import HTTPTypes
import Hummingbird

/// A bearer token (RFC 6750, section 2.1).
package struct BearerToken: Sendable {
    package let secret: String

    /// `nil` if the request carries none.
    init?(in request: Request) { self.init(authorization: request.headers[.authorization]) }

    /// - Parameter field: the `Authorization` field.
    package init?(authorization field: String?) {
        guard let secret = AuthorizationField(field, scheme: "bearer")?.credentials else { return nil }
        self.secret = secret
    }
}

/// User and password (RFC 7617).
package struct BasicCredentials: Sendable {
    package let user: String
    package let password: String

    /// `nil` if the request carries none that can be read.
    init?(in request: Request) { self.init(authorization: request.headers[.authorization]) }

    /// - Parameter field: the `Authorization` field.
    package init?(authorization field: String?) {
        guard let encoded = AuthorizationField(field, scheme: "basic")?.credentials,
            let bytes = Data(base64Encoded: encoded), let text = String(validating: bytes, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return nil }
        user = String(text[..<colon])
        password = String(text[text.index(after: colon)...])
    }
}

/// The `Authorization` field (RFC 9110, section 11.6.2).
private struct AuthorizationField {
    let credentials: String

    /// `nil` unless there is one of that scheme, which is compared without regard to case.
    init?(_ field: String?, scheme: String) {
        guard let field else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == scheme else { return nil }
        credentials = String(parts[1].drop { $0 == " " })
    }
}
