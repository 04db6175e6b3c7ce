import LivepatchConsole
import LivepatchKit

/// A file in a list: as a document its name and hash, the entries that `get-files -i` reads.
struct ListedFile: Listed {
    static let columns: [Column] = [.whole("FILENAME"), .number("SIZE"), .whole("RELEASED"), .whole("HASH")]

    private enum CodingKeys: String, CodingKey {
        case filename, hash
    }

    let file: PatchFile

    var quietValue: String { file.name.description }

    func row(_ text: HumanText) -> [Cell] {
        [Cell(quietValue), Cell(text.size(file.length)), Cell(text.time(file.released)), Cell(file.digest.description)]
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file.name, forKey: .filename)
        try container.encode(file.digest, forKey: .hash)
    }
}
