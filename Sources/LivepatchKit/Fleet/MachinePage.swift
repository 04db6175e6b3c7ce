/// Machines' reports on their way up: a bounded number of machines that changed, in order of their changes.
///
/// On the wire (`POST /v1/sync/machine-reports`) JSON lines: the page's header, then a machine a line.
public struct MachinePage: Hashable, Sendable {
    /// What the first line says.
    public struct Header: Hashable, Sendable, Codable {
        /// Whose machines they are.
        public let deployment: DeploymentID
        public let epoch: String
        /// The sequence that the page goes on behind; 0 to begin anew.
        public let after: Int64
        /// Where the page ends.
        public let upTo: Int64

        public init(deployment: DeploymentID, epoch: String, after: Int64, upTo: Int64) {
            self.deployment = deployment
            self.epoch = epoch
            self.after = after
            self.upTo = upTo
        }
    }

    public let header: Header
    public let machines: [Machine]

    public init(header: Header, machines: [Machine]) {
        self.header = header
        self.machines = machines
    }

    /// Where the sequence is after this page.
    public var mark: MachineFeedMark { MachineFeedMark(epoch: header.epoch, sequence: header.upTo) }

    public func encoded() throws -> [UInt8] {
        var bytes = try DocumentCoding.encode(header)
        for machine in machines {
            bytes.append(UInt8(ascii: "\n"))
            bytes += try DocumentCoding.encode(machine)
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Reads a page, and keeps of it no more than ``FleetBounds`` allow.
    /// - Throws: ``LivepatchError`` with the codes `malformed-request` and `request-too-large`.
    public init(decoding bytes: [UInt8]) throws {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first else {
            throw LivepatchError(.malformedRequest, "The page of machines' reports is empty: its first line is its header.")
        }
        let header: Header = try Self.value(first, line: 1)
        guard header.after >= 0, header.upTo >= header.after, header.epoch.isName(of: .alphanumerics, atMost: 64) else {
            throw LivepatchError(.malformedRequest, "The header of the page of machines' reports is not a place in a sequence.")
        }
        guard lines.count - 1 <= FleetBounds.pageLimit else {
            throw LivepatchError(
                .requestTooLarge, "The page has \(lines.count - 1) machines; at most \(FleetBounds.pageLimit) are taken at once.")
        }
        self.header = header
        machines = try lines.dropFirst().enumerated().map { index, line in
            guard line.count <= FleetBounds.pageLineBytes else {
                throw LivepatchError(
                    .requestTooLarge,
                    "Line \(index + 2) of the page has \(line.count) bytes; a machine's report has at most \(FleetBounds.pageLineBytes)."
                )
            }
            return try Self.value(line, line: index + 2)
        }
    }

    private static func value<Value: Decodable>(_ bytes: ArraySlice<UInt8>, line: Int) throws -> Value {
        do {
            return try DocumentCoding.decode(Value.self, from: bytes)
        } catch {
            throw LivepatchError(
                .malformedRequest,
                "Line \(line) of the page of machines' reports cannot be read: \(DocumentCoding.reason(error)).",
                cause: error)
        }
    }
}
