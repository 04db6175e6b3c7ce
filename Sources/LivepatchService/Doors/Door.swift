import LivepatchTLS

/// One address that a server listens on, and what is answered there.
public struct Door: Hashable, Sendable {
    public var address: HTTPService.Address
    /// The configuration key that says so, for messages.
    public var setting: String
    /// What is answered here, besides what is answered everywhere.
    public var apis: Set<ServedAPI>

    public init(
        _ address: HTTPService.Address, setting: String = "server.server-address", apis: Set<ServedAPI> = Set(ServedAPI.allCases)
    ) {
        self.address = address
        self.setting = setting
        self.apis = apis
    }

    /// The doors of a server: one for all, and one for each part of the wire that has an address of its own, which is then answered
    /// nowhere else. Parts that share an address share a door; port 0 is another port each time.
    public static func doors(
        for all: HTTPService.Address, _ own: [(api: ServedAPI, setting: String, address: HTTPService.Address?)]
    ) -> [Door] {
        var doors = [Door(all)]
        for (api, setting, address) in own {
            guard let address, address != all || address.port == 0 else { continue }
            doors[0].apis.remove(api)
            if address.port != 0, let index = doors.firstIndex(where: { $0.address == address }) {
                doors[index].apis.insert(api)
            } else {
                doors.append(Door(address, setting: setting, apis: [api]))
            }
        }
        return doors
    }
}

/// What a door's routes have to know of it.
struct Entrance: Sendable {
    /// What is answered there, besides what is answered everywhere.
    var apis = Set(ServedAPI.allCases)
    /// `nil` where connections are not encrypted.
    var tls: ServerTLS?

    /// Whether whoever comes with a sync token has to show a certificate.
    var asksDownstreamsForCertificates: Bool { tls?.settings.clientCertificates == .requiredFromDownstreams }
}
