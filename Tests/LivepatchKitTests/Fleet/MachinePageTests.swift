import LivepatchKit
import Testing

@Suite("A page of machines' reports")
struct MachinePageTests {
    private func machine(_ name: String, message: String? = nil) throws -> Machine {
        var report = MachineReport(kernel: try machineKernel(), patchState: .applyFailed)
        report.message = message
        return Machine(
            id: HashedMachineID(try MachineID(parsing: name), key: Array(repeating: 7, count: 32)), authToken: "lab",
            tier: try tierName("stable"), registered: fleetNoon, lastSeen: fleetNoon, report: report)
    }

    private func header(_ after: Int64 = 0, _ upTo: Int64 = 2, epoch: String = "abc") throws -> MachinePage.Header {
        MachinePage.Header(deployment: try DeploymentID(parsing: "site"), epoch: epoch, after: after, upTo: upTo)
    }

    @Test("is read as it was written, line breaks in messages included")
    func roundTrip() throws {
        let page = MachinePage(
            header: try header(), machines: [try machine("a", message: "two\nlines"), try machine("b")])
        let bytes = try page.encoded()
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 3)
        #expect(try MachinePage(decoding: bytes) == page)
        let empty = MachinePage(header: try header(0, 0), machines: [])
        #expect(try MachinePage(decoding: empty.encoded()) == empty)
    }

    @Test("is refused with the line that is wrong, when it is too long, and when its header is no place")
    func refused() throws {
        func refusal(_ bytes: [UInt8]) -> LivepatchError? {
            do { _ = try MachinePage(decoding: bytes) } catch { return error as? LivepatchError }
            return nil
        }
        #expect(refusal([])?.code == .malformedRequest)
        let good = try MachinePage(header: header(), machines: [machine("a")]).encoded()
        let broken = refusal(good + Array("{\"id\": 7}\n".utf8))
        #expect(broken?.code == .malformedRequest && broken?.message.contains("Line 3") == true)
        let endless = refusal(good + Array("{\"x\": \"\(String(repeating: "y", count: FleetBounds.pageLineBytes))\"}".utf8))
        #expect(endless?.code == .requestTooLarge)
        let many = MachinePage(header: try header(), machines: Array(repeating: try machine("a"), count: 501))
        #expect(refusal(try many.encoded())?.code == .requestTooLarge)
        for header in [try header(3, 2), try header(-1, 2), try header(epoch: ""), try header(epoch: "a b")] {
            #expect(refusal(try MachinePage(header: header, machines: []).encoded())?.code == .malformedRequest)
        }
    }
}
