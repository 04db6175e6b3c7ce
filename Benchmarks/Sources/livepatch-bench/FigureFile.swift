import Foundation
import LivepatchKit

/// The figures of a run, in JSON.
struct FigureFile {
    let path: String

    func read() throws -> [Figure] {
        try DocumentCoding.decode([Figure].self, from: Array(Data(contentsOf: URL(filePath: path))))
    }

    func write(_ figures: [Figure]) throws {
        try Data(DocumentCoding.encode(figures)).write(to: URL(filePath: path))
    }
}
