/// The parts of a relocatable ELF object that it takes to find a section: header, section headers and section names
/// (System V ABI, generic, chapter 4). Nothing is trusted: every offset and size is checked before it is used.
struct ELFObject {
    /// A section's header.
    struct Section {
        let name: String
        let type: UInt32
        let flags: UInt64
        let offset: UInt64
        let size: UInt64
        let link: UInt32

        static let symbolTable: UInt32 = 2
        static let noBits: UInt32 = 8
        static let null: UInt32 = 0
        static let compressed: UInt64 = 1 << 11
    }

    /// What is wrong with an object, as the end of a sentence.
    struct Fault: Error {
        let reason: String
    }

    let machine: ModuleMachine
    let sections: [Section]
    private let bytes: [UInt8]

    init(parsing bytes: [UInt8]) throws(Fault) {
        guard bytes.count >= 16, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else {
            throw Fault(reason: "it does not begin as an ELF object does")
        }
        let is64: Bool
        switch bytes[4] {
        case 1: is64 = false
        case 2: is64 = true
        default: throw Fault(reason: "its ELF class is \(bytes[4]), neither 32 nor 64 bits")
        }
        let isLittleEndian: Bool
        switch bytes[5] {
        case 1: isLittleEndian = true
        case 2: isLittleEndian = false
        default: throw Fault(reason: "its byte order is \(bytes[5]), neither little nor big endian")
        }
        guard bytes[6] == 1 else { throw Fault(reason: "its ELF version is \(bytes[6]), not 1") }
        let fields = Fields(bytes: bytes, is64: is64, isLittleEndian: isLittleEndian)
        let type = try fields.half(16, "its header")
        guard type == 1 else { throw Fault(reason: "its ELF type is \(type), not a relocatable object") }
        machine = ModuleMachine(
            number: try fields.half(18, "its header"), bits: is64 ? 64 : 32, isLittleEndian: isLittleEndian)
        sections = try Self.sections(fields)
        self.bytes = bytes
    }

    /// The bytes of a section, which have been found to lie inside the object.
    func content(of section: Section) throws(Fault) -> ArraySlice<UInt8> {
        guard section.type != Section.noBits, section.type != Section.null else {
            throw Fault(reason: "its section \(section.name) has no content")
        }
        return bytes[try Self.range(of: section, within: bytes.count)]
    }

    private static func sections(_ fields: Fields) throws(Fault) -> [Section] {
        let is64 = fields.is64
        let table = try fields.word(is64 ? 40 : 32, "its header")
        let entrySize = try fields.half(is64 ? 58 : 46, "its header")
        var count = UInt64(try fields.half(is64 ? 60 : 48, "its header"))
        var namesIndex = UInt64(try fields.half(is64 ? 62 : 50, "its header"))
        guard table != 0 else { throw Fault(reason: "it has no section headers") }
        guard entrySize == (is64 ? 64 : 40) else { throw Fault(reason: "its section headers have \(entrySize) bytes") }

        func header(_ index: UInt64) throws(Fault) -> (nameOffset: UInt32, section: Section) {
            let place = "its section header \(index)"
            // The index is below a count that has been checked against the length, except for header 0, where it adds nothing.
            let (start, overflow) = table.addingReportingOverflow(index * UInt64(entrySize))
            guard !overflow, let start = Int(exactly: start), start <= fields.bytes.count else {
                throw Fault(reason: "\(place) lies beyond its end")
            }
            return (
                try fields.long(start, place),
                Section(
                    name: "", type: try fields.long(start + 4, place), flags: try fields.word(start + 8, place),
                    offset: try fields.word(start + (is64 ? 24 : 16), place),
                    size: try fields.word(start + (is64 ? 32 : 20), place),
                    link: try fields.long(start + (is64 ? 40 : 24), place))
            )
        }

        // Extended numbering: what does not fit into the header is in section header 0.
        if count == 0 || namesIndex == 0xFFFF {
            let first = try header(0).section
            if count == 0 { count = first.size }
            if namesIndex == 0xFFFF { namesIndex = UInt64(first.link) }
        }
        let (tableSize, overflow) = count.multipliedReportingOverflow(by: UInt64(entrySize))
        let (tableEnd, overflowToo) = table.addingReportingOverflow(tableSize)
        guard !overflow, !overflowToo, tableEnd <= UInt64(fields.bytes.count) else {
            throw Fault(reason: "its \(count) section headers reach beyond its end; it may be truncated")
        }
        guard count <= 100_000 else { throw Fault(reason: "it has \(count) sections, more than any module") }
        guard namesIndex != 0, namesIndex < count else { throw Fault(reason: "it has no section names") }
        let names = try range(of: header(namesIndex).section, within: fields.bytes.count)
        var sections: [Section] = []
        sections.reserveCapacity(Int(count))
        for index in 0..<count {
            let (nameOffset, section) = try header(index)
            let named = Section(
                name: try fields.text(at: nameOffset, within: names, "its section header \(index)"), type: section.type,
                flags: section.flags, offset: section.offset, size: section.size, link: section.link)
            if index > 0 { _ = try range(of: named, within: fields.bytes.count) }
            sections.append(named)
        }
        return sections
    }

    /// Where a section lies; empty for one that takes no room in the object.
    private static func range(of section: Section, within length: Int) throws(Fault) -> Range<Int> {
        guard section.type != Section.noBits, section.type != Section.null else { return 0..<0 }
        let (end, overflow) = section.offset.addingReportingOverflow(section.size)
        guard !overflow, end <= UInt64(length) else {
            let name = section.name.isEmpty ? "a section" : "its section \(section.name)"
            throw Fault(reason: "\(name) reaches beyond its end; it may be truncated")
        }
        return Int(section.offset)..<Int(end)
    }
}

/// Numbers at offsets, in the object's byte order and width.
private struct Fields {
    let bytes: [UInt8]
    let is64: Bool
    let isLittleEndian: Bool

    func half(_ offset: Int, _ place: String) throws(ELFObject.Fault) -> UInt16 {
        UInt16(try number(offset, 2, place))
    }

    func long(_ offset: Int, _ place: String) throws(ELFObject.Fault) -> UInt32 {
        UInt32(try number(offset, 4, place))
    }

    /// 8 bytes in a 64-bit object, else 4.
    func word(_ offset: Int, _ place: String) throws(ELFObject.Fault) -> UInt64 {
        try number(offset, is64 ? 8 : 4, place)
    }

    private func number(_ offset: Int, _ width: Int, _ place: String) throws(ELFObject.Fault) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - width else {
            throw ELFObject.Fault(reason: "it ends within \(place); it may be truncated")
        }
        var value: UInt64 = 0
        for index in 0..<width {
            let byte = bytes[offset + (isLittleEndian ? width - 1 - index : index)]
            value = value << 8 | UInt64(byte)
        }
        return value
    }

    /// The text up to the next NUL; of a very long one the beginning, so that many headers sharing one name cost little.
    func text(at offset: UInt32, within range: Range<Int>, _ place: String) throws(ELFObject.Fault) -> String {
        guard Int(offset) < range.count || (offset == 0 && range.isEmpty) else {
            throw ELFObject.Fault(reason: "\(place) has a name outside the section names")
        }
        let rest = bytes[(range.lowerBound + Int(offset))..<range.upperBound]
        let text = rest.prefix(256).prefix { $0 != 0 }
        guard text.count < rest.count else { throw ELFObject.Fault(reason: "\(place) has a name without an end") }
        return String(decoding: text, as: UTF8.self)
    }
}
