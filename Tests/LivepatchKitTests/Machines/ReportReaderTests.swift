import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct ReportReaderTests {
    private static func full(_ number: Int, kernel: KernelVersion = "5.15.0-107.117") -> MachineReport {
        let time = MachineSamples.now.addingTimeInterval(Double(number))
        return MachineSamples.report(kernel: MachineSamples.kernel(kernel), uptime: Int64(number)) {
            $0.time = time
            $0.bootTime = time.addingTimeInterval(-Double(number))
            $0.lastCheck = time.addingTimeInterval(-60)
            $0.cpuModel = "A processor, \"fast\""
            $0.message = number % 2 == 0 ? nil : "time: uptimeSeconds"
        }
    }

    private static func plain(_ number: Int) -> MachineReport {
        var report = full(number)
        report.cpuModel = "A processor"
        return report
    }

    private static let beginning =
        #"{"kernel":{"version":"5.15.0-107.117","flavour":"generic","architecture":"amd64"},"patchState":"applied","#

    @Test func `reports that differ in their times alone are read once, and each says its own`() throws {
        let reader = ReportReader()
        for number in 0..<40 {
            let report = Self.plain(number)
            #expect(try reader.read(DocumentCoding.encode(report)) == report)
        }
        // One kind with a message, one without.
        #expect(reader.count == 2)
    }

    @Test func `no more kinds of reports are remembered than there is room for`() throws {
        let reader = ReportReader(capacity: 2)
        for kernel: KernelVersion in ["5.15.0-107.117", "5.15.0-108.118", "5.15.0-109.119"] {
            var report = Self.full(2, kernel: kernel)
            report.cpuModel = nil
            #expect(try reader.read(DocumentCoding.encode(report)) == report)
        }
        #expect(reader.count == 2)
    }

    @Test(arguments: [
        // Escaped, elsewhere, twice, of another type, or no time at all.
        #""bootTime":"2026-01-01T00:00:00Z","cpuModel":"a \" b""#, #""other":{"time":"2026-01-01T00:00:00Z"}"#,
        #""time":"2026-01-01T00:00:00Z","other":{"time":"2026-01-01T00:00:01Z"}"#, #""time" : "2026-01-01T00:00:00Z""#,
        #""uptimeSeconds":1.0"#, #""uptimeSeconds":1e2"#, #""uptimeSeconds":null"#, #""uptimeSeconds":-1"#,
        #""cpuModel":"time","uptimeSeconds":5"#, #""\u0074ime":"2026-01-01T00:00:00Z""#, #""other":["time","bootTime"]"#,
        "\"x\":1",
    ])
    func `whatever is unusual is read as it always is, however often`(_ members: String) throws {
        let reader = ReportReader()
        let bytes = Array("\(Self.beginning)\(members)}".utf8)
        let report = try DocumentCoding.decode(MachineReport.self, from: bytes)
        for _ in 0..<3 { #expect(try reader.read(bytes) == report) }
    }

    @Test(arguments: [
        #""time":"2026-01-01"}"#, #""time":""}"#, #""time":5}"#, #""uptimeSeconds":007}"#, #""uptimeSeconds":5"#,
        #""uptimeSeconds":}"#,
        #""time":"2026-01-01T00:00:00Z"#, #""uptimeSeconds":12345678901234567890}"#,
    ])
    func `what is no report is none, though much like it was one`(_ members: String) throws {
        let reader = ReportReader()
        for good in [#""time":"2026-01-01T00:00:00Z""#, #""uptimeSeconds":7"#] {
            _ = try reader.read(Array("\(Self.beginning)\(good)}".utf8))
        }
        let bytes = Array("\(Self.beginning)\(members)".utf8)
        #expect(throws: (any Error).self) { try DocumentCoding.decode(MachineReport.self, from: bytes) }
        #expect(throws: (any Error).self) { try reader.read(bytes) }
    }

    @Test func `a report that is damaged at any byte is read as it always is, or refused as always`() throws {
        var generator = SeededGenerator(seed: 41)
        let reader = ReportReader()
        let good = try DocumentCoding.encode(Self.plain(3))
        #expect(try reader.read(good) == Self.plain(3))
        let letters = Array(#"{}[]",:\0123456789TZ-etimup "#.utf8)
        for place in good.indices {
            for _ in 0..<4 {
                var bytes = good
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = letters.randomElement(using: &generator) ?? 0
                case 1: bytes.remove(at: place)
                default: bytes.insert(letters.randomElement(using: &generator) ?? 0, at: place)
                }
                let expected = try? DocumentCoding.decode(MachineReport.self, from: bytes)
                let read = try? reader.read(bytes)
                #expect(read == expected, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}
