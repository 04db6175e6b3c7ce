import LivepatchConsole
import Testing

@Suite struct TableTests {
    private let columns: [Column] = [.whole("NAME"), .number("FILES"), .text("REASON")]

    @Test func `Columns are as wide as their widest cell and numbers are flush right`() {
        let table = Table(columns: columns, rows: [["edge", "7", "a"], ["candidate", "1200", "b"]])
        #expect(
            table.lines(for: .none) == [
                "NAME       FILES  REASON",
                "edge           7  a",
                "candidate   1200  b",
            ])
    }

    @Test func `Columns stay aligned with wide, combining and emoji characters`() {
        let table = Table(columns: [.whole("A"), .whole("B")], rows: [["日本", "x"], ["e\u{301}", "y"], ["👍", "z"]])
        #expect(table.lines(for: .none) == ["A     B", "日本  x", "e\u{301}     y", "👍    z"])
    }

    @Test func `Nothing is cut short where there is no terminal`() {
        let long = String(repeating: "reason ", count: 60)
        let lines = Table(columns: columns, rows: [["edge", "7", Cell(long)]]).lines(for: .none)
        #expect(lines[1].contains(long.dropLast()))
    }

    @Test(arguments: [30, 40, 80, 200]) func `A table with text to cut fits the terminal`(width: Int) {
        let rows: [[Cell]] = [["edge", "7", Cell(String(repeating: "日本", count: 50))], ["beta", "12", "short"]]
        let lines = Table(columns: columns, rows: rows).lines(for: Terminal(width: width, colours: false))
        #expect(lines.allSatisfy { TextWidth.of($0) <= width })
        #expect(lines[1].hasSuffix("…") == (width < 215))
    }

    @Test func `What a person copies is never cut`() {
        let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
        let lines = Table(columns: [.whole("NAME"), .text("REASON")], rows: [[Cell(name), "because it is so"]])
            .lines(for: Terminal(width: 20, colours: false))
        #expect(lines[1].hasPrefix(name))
    }

    @Test func `Control characters of the values cannot steer the terminal or break the rows`() {
        let lines = Table(columns: [.text("REASON")], rows: [["\u{1B}[2Jgone\nnext\u{202E}"]]).lines(for: .none)
        #expect(lines == ["REASON", "\u{FFFD}[2Jgone next\u{FFFD}"])
    }

    @Test func `Colours do not change the widths`() {
        let rows: [[Cell]] = [[Cell("ok", .good), "1", "x"], [Cell("failed", .bad), "2", "y"]]
        let table = Table(columns: columns, rows: rows)
        let coloured = table.lines(for: Terminal(width: 80, colours: true))
        #expect(coloured[2].contains("\u{1B}[31mfailed\u{1B}[0m"))
        let plain = coloured.map { $0.replacing(/\u{1B}\[[0-9]+m/, with: "") }
        #expect(plain == table.lines(for: Terminal(width: 80, colours: false)))
    }

    @Test func `Cutting counts columns, not characters`() {
        #expect(TextWidth.cut("日本語", to: 5) == "日本…")
        #expect(TextWidth.cut("日本語", to: 6) == "日本語")
        #expect(TextWidth.cut("日本語", to: 4) == "日…")
        #expect(TextWidth.cut("abc", to: 0) == "")
    }
}
