import ArgumentParser
import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct TrustStatusCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        "status", "Shows the signed repositories, their keys, and when they expire.",
        does: """
            Shows for each repository that the server signs or relays who signs it, its roles with versions, keys and expiries, \
            and the fingerprint of its root; and the roots with which the server's own trust in its upstream began. Warns 30, 7 \
            and 1 day before something expires that is not renewed by itself. The exit status is 65 if something has expired. \
            --quiet prints the fingerprints of the roots.
            """,
        examples: ["trust status", "trust status --format json", "trust status --quiet"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let status = try await context.server.trust()
        let console = context.console
        if output.quiet || output.format != .table {
            try output.show(status.repositories, document: status, empty: "", on: console)
        } else {
            try showTables(status, on: console)
        }
        for warning in status.warnings { console.warn(warning.message) }
        guard !status.hasExpired else { throw ExitStatus.dataError.exit }
    }

    private func showTables(_ status: TrustStatus, on console: Console) throws {
        try output.show(status.repositories, empty: "This server signs and relays nothing.", on: console)
        guard !status.repositories.isEmpty || !status.pins.isEmpty else { return }
        let roles = status.repositories.flatMap { repository in
            repository.roles.map { TrustRoleRow(repository: "\(repository.kind.rawValue) of \(repository.signer)", role: $0) }
        }
        try console.print("")
        try output.show(roles, empty: "There are no roles.", on: console)
        if !status.pins.isEmpty {
            try console.print("")
            try output.show(status.pins, empty: "", on: console)
        }
    }
}

extension TrustStatus.Repository: Listed {
    public static var columns: [Column] {
        [.whole("REPOSITORY"), .whole("SIGNED BY"), .text("VIA"), .number("ROOT"), .whole("FINGERPRINT")]
    }

    public var quietValue: String { root.fingerprint.description }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(kind.rawValue), isSignedHere ? Cell("\(signer) (here)") : Cell(signer),
            Cell(listing: route.dropFirst().dropLast()),
            "\(root.version)", Cell(root.fingerprint),
        ]
    }
}

/// A role with the repository that it belongs to.
struct TrustRoleRow: Encodable, Listed {
    let repository: String
    let role: TrustStatus.Role

    static var columns: [Column] {
        [
            .whole("REPOSITORY"), .whole("ROLE"), .whole("VIEW"), .number("VERSION"), .number("DOCUMENTS"), .whole("EXPIRES"),
            .text("KEYS"),
        ]
    }

    var quietValue: String { role.name }

    func row(_ text: HumanText) -> [Cell] {
        let keys = role.keys.map { String($0.prefix(12)) }.joined(separator: ", ")
        return [
            Cell(repository), Cell(role.name), Cell(role.view), Cell(role.version), "\(role.documents)",
            Cell(text.time(role.expires), role.state.style), "\(role.threshold) of \(role.keys.count): \(keys)",
        ]
    }
}

extension TrustStatus.Pin: Listed {
    public static var columns: [Column] {
        [
            .whole("TRUSTED"), .whole("SIGNED BY"), .whole("VIEW"), .number("ROOT"), .whole("SINCE"), .whole("EXPIRES"),
            .whole("BEGAN WITH"),
        ]
    }

    public var quietValue: String { fingerprint.description }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(kind.rawValue), Cell(signer), Cell(view), "\(rootVersion)",
            isConfigured ? Cell("configured", .good) : Cell("first seen", .warning),
            Cell(expires.map(text.time) ?? "-", state?.style ?? .faint), Cell(fingerprint),
        ]
    }
}

extension ExpiryState {
    fileprivate var style: Style {
        switch self {
        case .good: .good
        case .withinMonth, .withinWeek: .warning
        case .withinDay, .expired: .bad
        }
    }
}
