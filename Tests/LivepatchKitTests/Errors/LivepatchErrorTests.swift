import LivepatchKit
import Testing

@Suite struct LivepatchErrorTests {
    @Test func `codes are different, and words joined by hyphens`() {
        let codes = LivepatchError.Code.allCases
        #expect(Set(codes).count == codes.count)
        for code in codes { #expect(code.rawValue.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil, "\(code)") }
    }

    @Test func `a person reads what failed and what to do`() {
        #expect(
            LivepatchError(.notFound, "It is gone.", suggestion: "Look elsewhere.").description == "It is gone. Look elsewhere.")
        #expect(LivepatchError(.notFound, "It is gone.").description == "It is gone.")
    }
}
