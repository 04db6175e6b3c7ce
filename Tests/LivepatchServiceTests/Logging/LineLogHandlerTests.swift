import Foundation
import Logging
import Testing

@testable import LivepatchService

@Suite("Log lines")
struct LineLogHandlerTests {
    @Test func `JSON lines are one object each, whatever is in them`() throws {
        let log = CapturedLog()
        var logger = log.logger(label: "x")
        logger[metadataKey: "id"] = "7"
        logger.info("two\nlines \"quoted\"", metadata: ["path": "/a\u{0}b"])
        let line = try #require(log.lines.first)
        #expect(line.filter(\.isNewline).count == 1)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(object["message"] == "two\nlines \"quoted\"")
        #expect(object["level"] == "info")
        #expect(object["id"] == "7")
        #expect(object["path"] == "/a\u{0}b")
        #expect(object["time"] != nil)
    }

    @Test func `nobody writes lines of their own into the text log`() throws {
        let log = CapturedLog()
        let logger = log.logger(label: "x", form: .text)
        logger.warning("asked for a\n2024-01-01 fake", metadata: ["path": "/\r\nfake\u{1B}[2J", "b": "two words"])
        let line = try #require(log.lines.first)
        #expect(line.filter(\.isNewline).count == 1)
        #expect(!line.contains("\u{1B}"))
        #expect(line.contains("b=\"two words\""))
        #expect(line.contains(" warning x: "))
    }

    @Test func `the level changes for loggers that exist already`() {
        let log = CapturedLog()
        log.level.level = .warning
        let logger = log.logger(label: "x")
        logger.info("unheard")
        log.level.level = .debug
        logger.debug("heard")
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains("\"heard\"") == true)
    }

    @Test func `security events are heard at every level`() {
        let log = CapturedLog()
        log.level.level = .critical
        SecurityLog(logger: log.logger(label: "security")).record(.started)
        #expect(log.lines.count == 1)
        #expect(log.lines.first?.contains(#""type":"security""#) == true)
        #expect(log.lines.first?.contains(#""event":"sys_startup""#) == true)
    }
}
