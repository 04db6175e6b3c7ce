import LivepatchKit
import Testing

@testable import LivepatchConsole

@Suite struct RecordTextTests {
    private let names = ["series", "coveredUntil", "codename"]

    private func records(_ text: String, name: String = "-") throws -> [RecordText.Record] {
        try RecordText.records(in: text, form: RecordText.Form(of: text, name: name), names: names, list: "local")
    }

    @Test(arguments: [
        "series,coveredUntil,codename\n5.10,2027-04-30,\n6.8,2029-05-31,noble\n",
        "\u{FEFF}Series , covered_until, CODENAME\r\n\r\n# a remark, with a comma\r\n5.10 , 2027-04-30,\r\n\"6.8\",2029-05-31,\"noble\"",
        "- {series: 5.10, coveredUntil: 2027-04-30, codename: null}\n- series: 6.8\n  coveredUntil: 2029-05-31\n  codename: noble\n",
        #"[{"series":"5.10","coveredUntil":"2027-04-30","codename":null},{"series":"6.8","coveredUntil":"2029-05-31","codename":"noble"}]"#,
        "local:\n  - series: '5.10'\n    coveredUntil: \"2027-04-30\"\n  - series: 6.8\n    coveredUntil: 2029-05-31\n    codename: noble\nupstream:\n  - nonsense: 1\n",
    ])
    func `The same records are read from every form, as the text that stands there`(text: String) throws {
        #expect(
            try records(text).map(\.values) == [
                ["series": "5.10", "coveredUntil": "2027-04-30"],
                ["series": "6.8", "coveredUntil": "2029-05-31", "codename": "noble"],
            ])
    }

    @Test func `Records know their lines`() throws {
        #expect(try records("series,codename\n\n5.4,a\n\"6\n.8\",b\n5.15,c\n").map(\.line) == [3, 4, 6])
        #expect(try records("# remark\n- series: 5.4\n\n- series: 6.8\n").map(\.line) == [2, 4])
    }

    @Test func `Quotes, commas and line breaks in a cell are text`() throws {
        let rows = try CommaSeparated("a,\"b \"\"c\"\", d\ne\",\n,,").rows()
        #expect(rows.map(\.cells) == [["a", "b \"c\", d\ne", ""], ["", "", ""]])
    }

    @Test func `Nothing is an empty list`() throws {
        #expect(try records("").isEmpty && records("\n\n", name: "a.csv").isEmpty && records("[]").isEmpty)
        #expect(try records("local: []\nupstream: []\n").isEmpty)
    }

    @Test(arguments: [
        ("series,nonsense\n5.4,1\n", "Line 1: There is no 'nonsense'"),
        ("series,Series\n", "names a column twice"),
        ("series,codename\n5.4\n", "Line 2: It has 1 columns, and the heading 2"),
        ("series,codename\n\"5.4,a\n", "Line 2: A quoted cell does not end"),
        ("series,codename\n\"5.4\"x,a\n", "Line 2: Something follows"),
        ("- series: 5.4\n- nonsense: 5\n", "Line 2: There is no 'nonsense'"),
        ("- series: [5.4]\n", "Line 1: 'series' is not one value"),
        ("- series: 5.4\n- word\n", "Line 2: It is not an entry"),
        ("entries: []\n", "There is no list 'local'"),
        ("local: 5\n", "It is not a list"),
        ("[{\"series\": \"5.4\",\n", "neither YAML nor JSON (line"),
        ("just words", "It is not a list"),
    ])
    func `What is wrong is told with its line`(text: String, words: String) {
        #expect {
            try records(text)
        } throws: { error in
            guard let error = error as? LivepatchError else { return false }
            return error.code == .malformedValue && error.description.contains(words)
        }
    }
}
