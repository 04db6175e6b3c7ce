import LivepatchAPI
import NIOHTTP1

/// A request that a ``HotDownloads`` may be able to answer: for a patch file, with a bearer token, and with nothing about it that takes
/// more than a look.
struct HotRequest: Sendable {
    /// The target as it was sent.
    let path: String
    let authorization: String
    /// Who the caller says it is.
    let deployment: String?
    let conditions: DownloadAnswer.Conditions
    let arrival = ContinuousClock.now

    private static let prefixes = [Paths.patchFileTemplate, Paths.targetTemplate].map { String($0.prefix { $0 != "{" }) }
    private static let deploymentField = HeaderNames.deployment.lowercased()

    /// `nil` for every other request, and for whatever is unusual about one: a field that is there twice, a body, an end of the
    /// connection.
    init?(_ head: HTTPRequestHead) {
        guard head.method == .GET || head.method == .HEAD, head.version == .http1_1,
            Self.prefixes.contains(where: head.uri.hasPrefix), !head.uri.utf8.contains(where: { $0 == UInt8(ascii: "?") })
        else { return nil }
        var authorization: String?
        var deployment: String?
        var conditions = DownloadAnswer.Conditions(isHead: head.method == .HEAD)
        /// Keeps a field that may be there once.
        func keep(_ value: String, _ field: inout String?) -> Bool {
            defer { field = value }
            return field == nil
        }
        for (name, value) in head.headers {
            let isUsual =
                switch name.utf8.count {
                case 2 where Self.isName(name, "te"): false
                case 5 where Self.isName(name, "range"): keep(value, &conditions.range)
                case 6 where Self.isName(name, "expect"): false
                case 7 where Self.isName(name, "upgrade"): false
                case 8 where Self.isName(name, "if-range"): keep(value, &conditions.ifRange)
                case 10 where Self.isName(name, "connection"): Self.isName(value, "keep-alive")
                case 13 where Self.isName(name, "authorization"): keep(value, &authorization)
                case 13 where Self.isName(name, "if-none-match"): keep(value, &conditions.ifNoneMatch)
                case 14 where Self.isName(name, "content-length"): value == "0"
                case 17 where Self.isName(name, "transfer-encoding"): false
                case Self.deploymentField.utf8.count where Self.isName(name, Self.deploymentField): keep(value, &deployment)
                default: true
                }
            guard isUsual else { return nil }
        }
        guard let authorization else { return nil }
        path = head.uri
        self.authorization = authorization
        self.deployment = deployment
        self.conditions = conditions
    }

    /// Compares without regard to the case of letters.
    private static func isName(_ text: String, _ name: String) -> Bool {
        text.utf8.count == name.utf8.count && zip(text.utf8, name.utf8).allSatisfy { $0 | 0x20 == $1 }
    }
}
