/// Where a server listens: `:8080`, `127.0.0.1:8080`, `[::1]:8080`.
public struct ListenAddress: Hashable, Sendable {
    /// A name or address; `nil` for every interface.
    public let host: String?
    /// 0 for any free port.
    public let port: Int

    public init(host: String?, port: Int) {
        self.host = host
        self.port = port
    }

    @Sendable package init(parsing text: String) throws {
        let fault = SettingFault("is not an address such as :8080, 127.0.0.1:8080 or [::1]:8080")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { throw fault }
        var host = text[..<colon]
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.dropFirst().dropLast().wholeMatch(of: /[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?/) != nil
            else {
                throw fault
            }
            host = host.dropFirst().dropLast()
        } else {
            guard host.isEmpty || host == "*" || host.wholeMatch(of: /[A-Za-z0-9._-]+/) != nil else { throw fault }
        }
        self.init(host: host.isEmpty || host == "*" ? nil : String(host), port: Int(port))
    }
}

extension ListenAddress: CustomStringConvertible {
    public var description: String {
        guard let host else { return ":\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
