import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite struct `Addresses of their own` {
    private typealias Address = HTTPService.Address

    private func doors(_ machines: Address?, _ downstreams: Address?, _ administrators: Address?) -> [Door] {
        Door.doors(
            for: Address(host: nil, port: 8080),
            [
                (.machines, "server.machine-address", machines), (.downstreams, "server.sync-address", downstreams),
                (.administrators, "server.admin-address", administrators),
            ])
    }

    @Test func `are one where none is named`() {
        #expect(doors(nil, nil, nil) == [Door(Address(host: nil, port: 8080))])
    }

    @Test func `take what is answered there from everybody's`() {
        let admin = Address(host: "127.0.0.1", port: 8081)
        #expect(
            doors(nil, nil, admin) == [
                Door(Address(host: nil, port: 8080), apis: [.machines, .downstreams]),
                Door(admin, setting: "server.admin-address", apis: [.administrators]),
            ])
    }

    @Test func `may be shared, and port 0 is another one each time`() {
        let shared = Address(host: "10.0.0.1", port: 8443)
        #expect(doors(shared, shared, nil).map(\.apis) == [[.administrators], [.machines, .downstreams]])
        #expect(doors(nil, Address(host: nil, port: 8080), nil).map(\.apis) == [Set(ServedAPI.allCases)])
        let free = Address(host: "127.0.0.1", port: 0)
        #expect(doors(free, free, free).map(\.apis) == [[], [.machines], [.downstreams], [.administrators]])
    }

    @Test(arguments: ServedAPI.allCases)
    func `answer what is theirs, and nothing else is there`(_ api: ServedAPI) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1, 2, 3], upTo: "edge")
        let machine = try MachineID(parsing: "b08dfa6083e7567a1921a715000001fb")
        let tokens: [ServedAPI: String] = [
            .machines: try await server.machine("\(machine)", in: "edge"), .downstreams: try await server.secret("edge"),
            .administrators: try await server.session(),
        ]
        let application = Application(
            responder: ServerRoutes.responder(server.parts, server.options, at: Entrance(apis: [api])),
            logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            func status(_ path: String, as caller: ServedAPI, _ method: HTTPRequest.Method = .get) async throws -> Int {
                try await client.send(method, path, token: tokens[caller]).status.code
            }
            for caller in ServedAPI.allCases {
                let isHome = caller == api
                // The same path for all three.
                #expect(try await status(Paths.patchFile(file.name), as: caller) == (isHome ? 200 : 404), "\(caller)")
                #expect(try await status(Paths.root, as: caller) == 200)
                #expect(try await status(Paths.debugStatus, as: caller) == 200)
            }
            #expect(try await status(Paths.tiers, as: .administrators) == (api == .administrators ? 200 : 404))
            #expect(try await status(Paths.login, as: .administrators, .post) == (api == .administrators ? 401 : 404))
            #expect(try await status(Paths.tiers, as: .administrators, .put) == (api == .administrators ? 405 : 404))
            #expect(try await status(Paths.machineInfo(machine), as: .machines) == (api == .machines ? 200 : 404))
            #expect(try await status(Paths.machineRegister(machine), as: .machines, .post) == (api == .machines ? 401 : 404))
            for caller in [ServedAPI.machines, .downstreams] {
                #expect(try await status(Paths.syncHead, as: caller) == (caller == api ? 200 : 404), "\(caller)")
            }
            let unknown = try await client.send(.get, "/v1/nothing")
            let elsewhere = try await client.send(.get, api == .administrators ? Paths.fleetReport : Paths.tiers)
            #expect(elsewhere.problem?.code == "not-found")
            #expect(elsewhere.problem?.detail == unknown.problem?.detail)
        }
    }
}
