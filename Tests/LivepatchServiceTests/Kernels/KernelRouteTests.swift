import FoundationEssentials
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

/// What Ubuntu's Pro client (ubuntu-pro-client, `uaclient/livepatch.py`) asks, byte for byte as Python's `urlencode` writes it.
@Suite("Whether a kernel is supported")
struct KernelRouteTests {
    private func entry(_ until: String, codename: String? = nil, oldestBuild: String? = nil) throws -> KernelCoverage {
        KernelCoverage(
            .init(
                series: try KernelSeries(parsing: "5.15"), flavour: try Flavour(parsing: "generic"), architecture: .amd64,
                codename: try codename.map(Codename.init(parsing:))),
            coveredUntil: try KernelCoverage.end(parsing: until),
            oldestBuild: try oldestBuild.map(KernelCoverage.beginning(parsing:)))
    }

    /// The client's own headers, and no token.
    private let headers: HTTPFields = [
        .userAgent: "UA-Client/31.2.3", .accept: "application/json", .contentType: "application/json",
    ]

    private func ask(_ query: String, _ entries: [KernelCoverage] = []) async throws -> TestResponse {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.4.0-10.11-generic-107.1-amd64.tar.bz2")
        _ = try await server.parts.coverage.carryOut(CoverageChange(set: entries), by: "test")
        return try await server.application.test(.router) { client in
            try await client.send(.get, "\(Paths.kernelsSupported)?\(query)", headers: headers)
        }
    }

    @Test(
        arguments: [
            ("2032-04-30", nil, "2023-08-24T12%3A34%3A56%2B00%3A00", "supported"),
            ("2032-04-30", nil, "unknown", "supported"),
            // The time stamp of a file, where uname tells no date.
            ("2032-04-30", "2023-08-24", "2023-08-24T12%3A34%3A56.123456%2B00%3A00", "supported"),
            ("2032-04-30", "2024-01-01", "2023-08-24T12%3A34%3A56%2B00%3A00", "kernel-upgrade-required"),
            ("2032-04-30", "2024-01-01", "unknown", "unknown"),
            ("2020-04-30", nil, "2023-08-24T12%3A34%3A56%2B00%3A00", "kernel-end-of-life"),
        ] as [(String, String?, String, String)])
    func `the Pro client is answered in its own words`(until: String, oldest: String?, built: String, words: String) async throws
    {
        let answer = try await ask(
            "architecture=amd64&build-date=\(built)&codename=jammy&flavour=generic&kernel-version=5.15",
            [entry(until, oldestBuild: oldest)])
        #expect(answer.status == .ok)
        #expect(answer.text == #"{"Supported":"\#(words)"}"#)
        #expect(answer.headers[.contentType]?.contains("application/json") == true)
    }

    @Test func `without an entry the patches that are there decide`() async throws {
        let rest = "architecture=amd64&build-date=unknown&codename=focal&flavour=generic"
        #expect(try await ask("\(rest)&kernel-version=5.4").text == #"{"Supported":"supported"}"#)
        #expect(try await ask("\(rest)&kernel-version=5.15").text == #"{"Supported":"unsupported"}"#)
    }

    @Test(arguments: [
        // Older clients send neither date nor, of some derivatives, a codename.
        "architecture=amd64&codename=jammy&flavour=generic&kernel-version=5.15",
        "architecture=amd64&codename=&flavour=generic&kernel-version=5.15&build-date=",
        "architecture=amd64&flavour=generic&kernel-version=5.15.0-107.117",
        "architecture=amd64&flavour=generic&kernel-version=5.15.0-107-generic",
        // A person types the plus sign as it is.
        "architecture=amd64&flavour=generic&kernel-version=5.15&build-date=2023-08-24T12:34:56+00:00",
    ])
    func `what may be left out may be left out`(query: String) async throws {
        let answer = try await ask(query, [entry("2032-04-30")])
        #expect(answer.text == #"{"Supported":"supported"}"#)
    }

    @Test(arguments: [
        ("", "kernel-version"),
        ("architecture=amd64&flavour=generic", "kernel-version"),
        ("architecture=amd64&kernel-version=5.15", "flavour"),
        ("flavour=generic&kernel-version=5.15", "architecture"),
        ("architecture=amd64&flavour=&kernel-version=5.15", "flavour"),
        ("architecture=amd64&flavour=generic&kernel-version=5", "kernel-version"),
        ("architecture=amd64&flavour=generic&kernel-version=five", "kernel-version"),
        ("architecture=amd64&flavour=generic&kernel-version=5.15%00", "kernel-version"),
        ("architecture=x86_64&flavour=generic&kernel-version=5.15", "architecture"),
        ("architecture=amd64&flavour=a%20b&kernel-version=5.15", "flavour"),
        ("architecture=amd64&flavour=generic&kernel-version=5.15&codename=a%2Fb", "codename"),
        ("architecture=amd64&flavour=generic&kernel-version=5.15&build-date=2023-08-24", "build-date"),
        ("architecture=amd64&flavour=generic&kernel-version=5.15&build-date=2023-08-24T12:34:56", "build-date"),
    ])
    func `what is missing or odd is named`(query: String, parameter: String) async throws {
        let answer = try await ask(query)
        #expect(answer.status == .badRequest)
        #expect(answer.problem?.code == "malformed-request")
        #expect(answer.problem?.detail.contains("'\(parameter)'") == true, "\(answer.text)")
        #expect(answer.problem?.suggestion != nil)
    }

    @Test(arguments: ["MANJARO", "my_kernel", "WSL2", "lowlatency-"])
    func `a kernel that somebody built for themselves is not supported`(flavour: String) async throws {
        let answer = try await ask("architecture=amd64&flavour=\(flavour)&kernel-version=5.15", [entry("2032-04-30")])
        #expect(answer.text == #"{"Supported":"unsupported"}"#)
    }

    @Test func `a million questions of other kernels leave nothing behind, and long ones are refused`() async throws {
        let answer = try await ask("architecture=amd64&flavour=generic&kernel-version=5.15\(String(repeating: ".1", count: 500))")
        #expect(answer.status == .badRequest)
        #expect(answer.text.utf8.count < 600)
    }

    @Test func `a machine without a patch is told why none will come, and may read the table`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.machine("m-1", in: "stable")
        _ = try await server.parts.coverage.carryOut(CoverageChange(set: [entry("2020-04-30")]), by: "test")
        try await server.application.test(.router) { client in
            let report = MachineReport(kernel: MachineRouteTests.kernel, patchState: .nothingToApply)
            let answer = try await client.post(Paths.machineUpdates(MachineRouteTests.id), report, token: token)
                .decoded(CheckInAnswer.self)
            #expect(answer.reason == .kernelEndOfLife)
            #expect(answer.message?.contains("since 2020-04-30T23:59:59Z") == true)
            #expect(try await client.send(.get, Paths.syncCoverage, token: token).status == .ok)
        }
    }

    // MARK: The table

    @Test func `an administrator changes the table, as a plan first, and the security log says who`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let body = CoverageChangeBody(change: CoverageChange(set: [try entry("2032-04-30")]), dryRun: true)
        try await server.application.test(.router) { client in
            let plan = try await client.post(Paths.kernelCoverage, body, token: session).decoded(CoverageChangeResultBody.self)
            #expect(plan.plan.added.count == 1 && plan.change == nil)
            #expect(try await client.send(.get, Paths.kernelCoverage, token: session).decoded(CoverageBody.self).local == [])
            let real = CoverageChangeBody(change: body.change, dryRun: false)
            let done = try await client.post(Paths.kernelCoverage, real, token: session).decoded(CoverageChangeResultBody.self)
            #expect(done.change != nil && done.plan == plan.plan)
            let table = try await client.send(.get, Paths.kernelCoverage, token: session).decoded(CoverageBody.self)
            #expect(table.local == body.change.set && table.upstream == [])
            #expect(server.log.lines.count { $0.contains(#""authz_admin""#) && $0.contains("kernels coverage set 5.15") } == 1)
            #expect(try await client.post(Paths.kernelCoverage, real, token: "nobody").status == .unauthorized)
            #expect(try await client.send(.get, Paths.kernelCoverage).status == .unauthorized)
        }
    }

    @Test func `a downstream reads the table, and the head changes with it`() async throws {
        let server = try await ServerUnderTest()
        try await server.add("livepatch-5.4.0-10.11-generic-107.1-amd64.tar.bz2")
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let before = try await client.send(.get, Paths.syncHead, token: secret)
            #expect(try before.decoded(Head.self).coverage == nil)
            #expect(try await client.send(.get, Paths.syncCoverage, token: secret).status == .notFound)
            _ = try await server.parts.coverage.carryOut(CoverageChange(set: [entry("2032-04-30")]), by: "test")
            let after = try await client.send(.get, Paths.syncHead, token: secret)
            #expect(after.headers[.eTag] != before.headers[.eTag])
            let document = try await client.send(.get, Paths.syncCoverage, token: secret)
            #expect(try DocumentReference(of: document.bytes) == after.decoded(Head.self).coverage)
            #expect(try document.decoded(CoverageDocument.self).entries == [entry("2032-04-30")])
            #expect(try await client.send(.get, Paths.syncCoverage).status == .unauthorized)
        }
    }
}
