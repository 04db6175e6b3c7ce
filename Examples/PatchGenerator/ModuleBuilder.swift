import LivepatchKit

/// Writes kernel modules as a kernel's build system leaves them, as far as it shows from outside: a relocatable 64-bit ELF object in
/// the machine's byte order, with `.modinfo`, `.gnu.linkonce.this_module`, symbols and a build id. The code in it is noise.
struct ModuleBuilder {
    let machine: ModuleMachine
    /// The texts of `.modinfo`, in order.
    let modinfo: [String]
    /// The name in `.gnu.linkonce.this_module`.
    let name: String
    /// `.text`.
    let code: [UInt8]
    /// 20 bytes.
    let buildID: [UInt8]

    private struct Section {
        let name: String
        let type: UInt32
        let flags: UInt64
        let content: [UInt8]
        var link: UInt32 = 0
        var info: UInt32 = 0
        var alignment: UInt64 = 1
        var entrySize: UInt64 = 0
    }

    func bytes() -> [UInt8] {
        let strings = Array("\0init_module\0cleanup_module\0".utf8)
        var sections = [
            Section(name: "", type: 0, flags: 0, content: [], alignment: 0),
            Section(name: ".text", type: 1, flags: 6, content: code, alignment: 16),
            Section(name: ".note.gnu.build-id", type: 7, flags: 2, content: note(), alignment: 4),
            Section(name: ".modinfo", type: 1, flags: 2, content: modinfo.flatMap { Array($0.utf8) + [0] }),
            Section(name: ".gnu.linkonce.this_module", type: 1, flags: 3, content: thisModule(), alignment: 64),
            Section(
                name: ".symtab", type: 2, flags: 0, content: symbols(), link: 6, info: 1, alignment: 8, entrySize: 24),
            Section(name: ".strtab", type: 3, flags: 0, content: strings),
        ]
        var names: [UInt8] = []
        let nameOffsets = (sections.map(\.name) + [".shstrtab"]).map { name in
            defer { names += Array(name.utf8) + [0] }
            return UInt32(names.count)
        }
        sections.append(Section(name: ".shstrtab", type: 3, flags: 0, content: names))

        var body: [UInt8] = Array(repeating: 0, count: 64)
        body.reserveCapacity(code.count + 4096)
        let offsets = sections.map { section in
            pad(&body, to: section.alignment)
            defer { body += section.content }
            return section.type == 0 ? 0 : UInt64(body.count)
        }
        pad(&body, to: 8)
        body.replaceSubrange(0..<64, with: header(sectionTable: UInt64(body.count), sections: UInt16(sections.count)))
        for (index, section) in sections.enumerated() {
            body += number(nameOffsets[index]) + number(section.type) + number(section.flags) + number(0 as UInt64)
            body += number(offsets[index]) + number(UInt64(section.content.count))
            body += number(section.link) + number(section.info) + number(section.alignment) + number(section.entrySize)
        }
        return body
    }

    private func header(sectionTable: UInt64, sections: UInt16) -> [UInt8] {
        var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, machine.isLittleEndian ? 1 : 2, 1] + Array(repeating: 0, count: 9)
        // ET_REL, machine, version, no entry, no program headers.
        header += number(1 as UInt16) + number(machine.number) + number(1 as UInt32) + number(0 as UInt64) + number(0 as UInt64)
        header += number(sectionTable) + number(0 as UInt32) + number(64 as UInt16) + number(0 as UInt32)
        return header + number(64 as UInt16) + number(sections) + number(sections - 1)
    }

    private func note() -> [UInt8] {
        number(4 as UInt32) + number(UInt32(buildID.count)) + number(3 as UInt32) + Array("GNU\0".utf8) + buildID
    }

    /// `struct module`, of which only the name is filled in before a module is loaded.
    private func thisModule() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 0x380)
        bytes.replaceSubrange(24..<(24 + name.utf8.count), with: Array(name.utf8))
        return bytes
    }

    private func symbols() -> [UInt8] {
        func symbol(name: UInt32, value: UInt64) -> [UInt8] {
            // A global function in section 1.
            number(name) + [0x12, 0] + number(1 as UInt16) + number(value) + number(16 as UInt64)
        }
        return Array(repeating: 0, count: 24) + symbol(name: 1, value: 0) + symbol(name: 13, value: 16)
    }

    private func pad(_ bytes: inout [UInt8], to alignment: UInt64) {
        guard alignment > 1 else { return }
        while !bytes.count.isMultiple(of: Int(alignment)) { bytes.append(0) }
    }

    private func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: machine.isLittleEndian ? value.littleEndian : value.bigEndian) { Array($0) }
    }
}
