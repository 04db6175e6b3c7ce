/// An ELF object made by hand, so that every field can be made wrong.
struct HandmadeModule {
    struct Section {
        var name: String
        var type: UInt32
        var flags: UInt64 = 2
        var content: [UInt8] = []
        /// What the header says, where that is not the truth.
        var claimedSize: UInt64?
        var claimedOffset: UInt64?
    }

    var is64 = true
    var isLittleEndian = true
    var type: UInt16 = 1
    var machine: UInt16 = 62
    var modinfo = [
        "livepatch=Y", "license=GPL", "description=a test", "depends=", "alias=a", "alias=b", "parm=x:first", "parm=y:second",
        "name=kpatch_test", "vermagic=5.15.0-107-generic SMP mod_unload modversions ",
    ]
    var extra: [Section] = []
    var hasSymbols = true
    var hasThisModule = true
    var extendedNumbering = false

    static func texts(_ texts: [String]) -> [UInt8] { texts.flatMap { Array($0.utf8) + [0] } }

    var bytes: [UInt8] {
        var sections = [Section(name: "", type: 0, flags: 0), Section(name: ".text", type: 1, content: [0x90, 0xC3])]
        if !modinfo.isEmpty { sections.append(Section(name: ".modinfo", type: 1, content: Self.texts(modinfo))) }
        if hasThisModule { sections.append(Section(name: ".gnu.linkonce.this_module", type: 1, content: [0, 0, 0, 0])) }
        if hasSymbols { sections.append(Section(name: ".symtab", type: 2, flags: 0, content: Array(repeating: 0, count: 24))) }
        sections += extra
        sections.append(Section(name: ".shstrtab", type: 3, flags: 0))
        var names: [UInt8] = []
        let nameOffsets = sections.map { section in
            defer { names += Array(section.name.utf8) + [0] }
            return names.count
        }
        sections[sections.count - 1].content = names

        let headerSize = is64 ? 64 : 52
        var body: [UInt8] = []
        let offsets = sections.map { section in
            defer { body += section.content }
            return headerSize + body.count
        }
        let table = headerSize + body.count
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, is64 ? 2 : 1, isLittleEndian ? 1 : 2, 1, 0] + Array(repeating: 0, count: 8)
        bytes += number(type, 2) + number(machine, 2) + number(1, 4)
        bytes += word(0) + word(0) + word(table) + number(0, 4) + number(headerSize, 2) + number(0, 2) + number(0, 2)
        bytes += number(is64 ? 64 : 40, 2)
        bytes += number(extendedNumbering ? 0 : sections.count, 2) + number(extendedNumbering ? 0xFFFF : sections.count - 1, 2)
        bytes += body
        for (index, section) in sections.enumerated() {
            let first = index == 0 && extendedNumbering
            bytes += number(nameOffsets[index], 4) + number(section.type, 4) + word(section.flags) + word(0)
            bytes += index == 0 ? word(0) : word(section.claimedOffset ?? UInt64(offsets[index]))
            bytes += first ? word(sections.count) : word(section.claimedSize ?? UInt64(section.content.count))
            bytes += number(first ? sections.count - 1 : 0, 4) + number(0, 4) + word(1) + word(0)
        }
        return bytes
    }

    private func word(_ value: some BinaryInteger) -> [UInt8] { number(value, is64 ? 8 : 4) }

    private func number(_ value: some BinaryInteger, _ width: Int) -> [UInt8] {
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: UInt64(value) >> (8 * $0)) }
        return isLittleEndian ? bytes : bytes.reversed()
    }
}
