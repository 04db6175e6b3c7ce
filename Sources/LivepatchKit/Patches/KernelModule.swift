/// What a kernel module says about itself in its `.modinfo`: NUL-terminated texts `key=value`.
///
/// Reading is strict where the kernel's own loader is: an object that it would refuse for its form is refused here too.
public struct KernelModule: Hashable, Sendable {
    /// The module's name; `nil` for modules of kernels before 4.13, which do not say it there.
    public let name: String?
    /// The first license that it declares: `GPL`.
    public let license: String?
    /// Whether it declares `livepatch=Y`.
    public let isLivepatch: Bool
    /// All of the vermagic, with the trailing space that real ones have: `5.15.0-107-generic SMP mod_unload modversions `.
    public let vermagic: String
    public let machine: ModuleMachine

    /// The release of the kernel that it was built for, the first word of its vermagic: `5.15.0-107-generic`.
    public var vermagicRelease: String { String(vermagic.prefix { $0 != " " }) }

    /// Reads a `.ko` file.
    /// - Parameters:
    ///   - bytes: the whole file; what follows the object, such as an appended signature, is not looked at.
    ///   - path: what to call the module in an error.
    /// - Throws: ``LivepatchError`` with the code `patch-module-invalid`, saying what is wrong.
    public init(parsing bytes: [UInt8], path: String? = nil) throws {
        do {
            try self.init(ELFObject(parsing: bytes))
        } catch {
            throw LivepatchError(
                .patchModuleInvalid,
                "\(path.map { "'\($0)'" } ?? "The module") cannot be read as a kernel module: \(error.reason).",
                suggestion: "Put the .ko file into the archive as the kernel's build system made it.")
        }
    }

    private init(_ object: ELFObject) throws(ELFObject.Fault) {
        // The two that the loader asks for first: "no symbols (stripped?)" and "No module found in object".
        guard object.sections.contains(where: { $0.type == ELFObject.Section.symbolTable }) else {
            throw ELFObject.Fault(reason: "it has no symbol table; it may have been stripped")
        }
        guard object.sections.contains(where: { $0.name == ".gnu.linkonce.this_module" }) else {
            throw ELFObject.Fault(reason: "it has no section .gnu.linkonce.this_module, so it is not a kernel module")
        }
        let candidates = object.sections.filter { $0.name == ".modinfo" }
        guard let section = candidates.first else { throw ELFObject.Fault(reason: "it has no section .modinfo") }
        guard candidates.count == 1 else { throw ELFObject.Fault(reason: "it has \(candidates.count) sections .modinfo") }
        guard section.flags & ELFObject.Section.compressed == 0 else {
            throw ELFObject.Fault(reason: "its section .modinfo is compressed")
        }
        let values = try Self.values(object.content(of: section))

        /// A value that may be said twice, but not in two ways.
        func single(_ key: String) throws(ELFObject.Fault) -> String? {
            let said = values[key] ?? []
            guard Set(said).count <= 1 else { throw ELFObject.Fault(reason: "its .modinfo contradicts itself about '\(key)'") }
            return said.first
        }
        guard let vermagic = try single("vermagic"), vermagic.utf8.first(where: { $0 != 0x20 }) != nil else {
            throw ELFObject.Fault(reason: "its .modinfo has no vermagic, so it does not say for which kernel it is")
        }
        self.vermagic = vermagic
        name = try single("name")
        license = values["license"]?.first
        isLivepatch = try single("livepatch") == "Y"
        machine = object.machine
    }

    private static func values(_ bytes: ArraySlice<UInt8>) throws(ELFObject.Fault) -> [String: [String]] {
        guard bytes.isEmpty || bytes.last == 0 else {
            throw ELFObject.Fault(reason: "its .modinfo ends within a value; it may be damaged")
        }
        var values: [String: [String]] = [:]
        for text in bytes.split(separator: 0) {
            // A text without '=' says nothing to the kernel either.
            guard let sign = text.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let key = String(decoding: text[..<sign], as: UTF8.self)
            values[key, default: []].append(String(decoding: text[(sign + 1)...], as: UTF8.self))
        }
        return values
    }
}
