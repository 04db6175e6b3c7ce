import FoundationEssentials
public import LivepatchKit

/// A machine's status for programs, with the members that the reference product's client has, so that what reads that one (Ubuntu
/// Pro's client, Landscape) reads this one. Its JSON and its YAML spell them differently, and so do these.
public struct MachineStatusDocument: Encodable, Sendable {
    /// How the members are spelled.
    public enum Spelling: Sendable {
        /// `Client-Version`, `State`.
        case json
        /// `client-version`, `patchState`.
        case yaml
    }

    private let status: MachineStatus
    private let spelling: Spelling

    public init(_ status: MachineStatus, as spelling: Spelling) {
        self.status = status
        self.spelling = spelling
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private func name(_ json: String, _ yaml: String) -> Name { Name(stringValue: spelling == .json ? json : yaml) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        let kernel = status.kernel
        try container.encode(status.clientVersion, forKey: name("Client-Version", "client-version"))
        try container.encode(status.attachment.machine, forKey: name("Machine-Id", "machine-id"))
        try container.encodeIfPresent(kernel?.kernel.architecture, forKey: name("Architecture", "architecture"))
        try container.encodeIfPresent(kernel?.cpuModel, forKey: name("CPU-Model", "cpu-model"))
        try container.encodeIfPresent(status.memory.answered, forKey: name("Last-Check", "last-check"))
        if let uptime = status.uptime {
            let seconds = uptime.components.seconds
            let boot = Timestamp.wholeSecond(status.time.addingTimeInterval(-Double(seconds)))
            try container.encode(boot, forKey: name("Boot-Time", "boot-time"))
            try container.encode("\(seconds)s", forKey: name("Uptime", "uptime"))
        }
        try container.encode(status.attachment.server, forKey: name("Server", "server"))
        try container.encode(status.memory.tier ?? status.attachment.tier, forKey: Name(stringValue: "tier"))
        var list = container.nestedUnkeyedContainer(forKey: name("Status", "status"))
        var entry = list.nestedContainer(keyedBy: Name.self)
        try entry.encodeIfPresent(
            kernel.map { "\($0.kernel.version)-\($0.kernel.flavour)" }, forKey: name("Kernel", "kernel"))
        try entry.encode(true, forKey: name("Running", "running"))
        try entry.encode(status.supported, forKey: name("Supported", "supported"))
        var patch = entry.nestedContainer(keyedBy: Name.self, forKey: name("Livepatch", "livepatch"))
        try patch.encode(status.checkState, forKey: name("CheckState", "checkState"))
        try patch.encode(status.state, forKey: name("State", "patchState"))
        try patch.encode(status.applied?.version.description ?? "", forKey: name("Version", "version"))
        try patch.encodeIfPresent(status.memory.attempted, forKey: name("Attempted", "attempted"))
        try patch.encodeIfPresent(status.memory.message, forKey: name("Message", "message"))
        try patch.encodeIfPresent(status.memory.code, forKey: name("Code", "code"))
        var fixes = patch.nestedUnkeyedContainer(forKey: name("Fixes", "fixes"))
        for cve in status.applied?.file.cves ?? [] {
            var fix = fixes.nestedContainer(keyedBy: Name.self)
            try fix.encode(cve.lowercased(), forKey: name("Name", "name"))
            try fix.encode("", forKey: name("Description", "description"))
            try fix.encode("", forKey: name("Bug", "bug"))
            try fix.encode(true, forKey: name("Patched", "patched"))
        }
    }
}
