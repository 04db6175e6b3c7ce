import FoundationEssentials
import TUF

// A patch version's document in its signed form: the metadata of the role `patch-…`, whose targets are the version's files.

extension VersionDocument {
    /// Reads a version's document, whether it is signed metadata or the plain form. Signatures are not checked here.
    /// - Throws: ``LivepatchError`` with the code `upstream-malformed` if the bytes are neither, or do not describe that version.
    public init(reading bytes: [UInt8], of version: PatchVersion) throws {
        if Self.isSigned(bytes) {
            let targets: Targets
            do {
                targets = try Metadata<Targets>(bytes).signed
            } catch {
                throw LivepatchError.documentUnreadable(version, error.message)
            }
            try self.init(targets, of: version)
        } else {
            do {
                self = try DocumentCoding.decode(VersionDocument.self, from: bytes)
            } catch {
                throw LivepatchError.documentUnreadable(version, DocumentCoding.reason(error))
            }
            try check(describes: version)
        }
    }

    /// Reads what a patch version's role lists.
    /// - Throws: ``LivepatchError`` with the code `upstream-malformed` for a target that is not one of the version's files, says
    ///   something else of itself than its name does, or lacks a member.
    init(_ targets: Targets, of version: PatchVersion) throws {
        let files = try targets.targets.sorted.map { path, description in
            do { return try PatchFile(path, description) } catch let error as LivepatchError {
                throw LivepatchError.documentUnreadable(version, error.message)
            }
        }
        self.init(version: version, files: files)
        try check(describes: version)
    }

    /// What the role lists, without version and expiry.
    var targets: NameTable<TargetDescription> {
        var table = NameTable<TargetDescription>()
        for file in files { table[file.name.description] = file.target }
        return table
    }

    /// Whether bytes are signed metadata, to judge by the beginning: an object whose first member is `signatures` or `signed`, as
    /// every writer of The Update Framework puts them; the plain form begins with `files`.
    static func isSigned(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...].drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard rest.popFirst() == UInt8(ascii: "{") else { return false }
        rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
        return ["\"signatures\"", "\"signed\""].contains { rest.starts(with: $0.utf8) }
    }
}

extension PatchFile {
    /// The members of a target's `custom`.
    private enum Custom {
        static let kernel = "kernel"
        static let flavour = "flavour"
        static let architecture = "architecture"
        static let cves = "cves"
        static let released = "released"
    }

    /// A file as a target: what it fits is said in `custom` too, for those who do not read names.
    var target: TargetDescription {
        var digests = NameTable<String>()
        digests["sha256"] = digest.description
        let custom: JSONObject = [
            Custom.kernel: .string(name.kernel.description), Custom.flavour: .string(name.flavour.description),
            Custom.architecture: .string(name.architecture.description), Custom.cves: .array(cves.map { .string($0) }),
            Custom.released: .string(Timestamp.text(released)),
        ]
        // Never nil: there is one digest.
        let hashes = FileHashes(digests) ?? FileHashes(of: [])
        return TargetDescription(length: Int(length), hashes: hashes, custom: custom)
    }

    fileprivate init(_ path: String, _ target: TargetDescription) throws {
        let name = try PatchFileName(parsing: path)
        func refuse(_ reason: String) -> LivepatchError { LivepatchError(.upstreamMalformed, "'\(path)' \(reason)") }
        guard let text = target.hashes.digests["sha256"], let digest = try? SHA256Digest(parsing: text) else {
            throw refuse("has no SHA-256")
        }
        guard let custom = target.custom else { throw refuse("does not say what it fits") }
        func string(_ member: String) throws -> String {
            guard case .string(let text)? = custom[member] else { throw refuse("does not say its '\(member)'") }
            return text
        }
        for (member, own) in [
            (Custom.kernel, name.kernel.description), (Custom.flavour, name.flavour.description),
            (Custom.architecture, name.architecture.description),
        ] {
            let said = try string(member)
            guard said == own else { throw refuse("says that its \(member) is '\(said)'") }
        }
        guard let released = Timestamp.date(try string(Custom.released)) else { throw refuse("has no readable release time") }
        var cves: [String] = []
        if let value = custom[Custom.cves] {
            guard case .array(let values) = value else { throw refuse("has no readable list of CVEs") }
            for value in values {
                guard case .string(let cve) = value else { throw refuse("has no readable list of CVEs") }
                cves.append(cve)
            }
        }
        self.init(name: name, length: Int64(target.length), digest: digest, released: released, cves: cves)
    }
}
