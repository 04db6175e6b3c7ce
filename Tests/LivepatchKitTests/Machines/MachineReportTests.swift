import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct MachineReportTests {
    @Test func `what fits is kept as it is`() {
        let report = MachineSamples.report(uptime: 0) {
            $0.message = String(repeating: "ä", count: MachineReport.textLimit / 2)
            $0.patchDelaySeconds = 86_400
        }
        #expect(report.cut() == (report, []))
    }

    @Test func `a text that is too long is cut after a whole character`() {
        let long = "x" + String(repeating: "ä", count: MachineReport.textLimit)
        let (report, members) = MachineSamples.report {
            $0.message = long
            $0.cpuModel = long
            $0.clientVersion = long
            $0.codename = long
        }.cut()
        #expect(members == ["cpuModel", "message", "clientVersion", "codename"])
        for text in [report.message, report.cpuModel, report.clientVersion, report.codename] {
            #expect(text == "x" + String(repeating: "ä", count: MachineReport.textLimit / 2 - 1))
        }
    }

    @Test func `a character of many bytes does not come through`() {
        let (report, _) = MachineSamples.report { $0.message = "e" + String(repeating: "\u{301}", count: 4000) }.cut()
        #expect(report.message == "")
    }

    @Test func `durations that cannot be are left out, and a very long delay is as good as forever`() {
        let (report, members) = MachineSamples.report(uptime: .min) { $0.patchDelaySeconds = -1 }.cut()
        #expect(members == ["uptimeSeconds", "patchDelaySeconds"])
        #expect(report.uptimeSeconds == nil && report.patchDelaySeconds == nil)
        let (forever, none) = MachineSamples.report { $0.patchDelaySeconds = .max }.cut()
        #expect(none == [])
        #expect((forever.patchDelaySeconds ?? 0) > 86_400 * 36_500)
    }

    @Test func `members that are not known are ignored, and states that are not known are unknown`() throws {
        let json = #"""
            {"kernel": {"version": "6.1.0-56.192.2", "flavour": "cloud-amd64", "architecture": "amd64"},
             "patchState": "levitating", "novelty": [1, {"a": null}]}
            """#
        let report = try DocumentCoding.decode(MachineReport.self, from: json.utf8)
        #expect(report.patchState == .unknown)
        #expect(report.kernel == MachineSamples.kernel("6.1.0-56.192.2", flavour: "cloud-amd64"))
    }
}
