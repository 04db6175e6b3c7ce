import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct SyncFilterTests {
    private let name: PatchFileName = "livepatch-5.15.0-107.117-generic-64k-107.1-arm64.tar.bz2"

    @Test func `nothing said is everything taken`() { #expect(SyncFilter.all.admits(name)) }

    @Test(arguments: [
        (SyncFilter(architectures: [.arm64, .amd64]), true), (SyncFilter(architectures: [.amd64]), false),
        (SyncFilter(flavours: ["generic-64k"]), true), (SyncFilter(flavours: ["generic"]), false),
        (SyncFilter(minimumKernel: "5.15.0"), true), (SyncFilter(minimumKernel: "5.16"), false),
        (SyncFilter(architectures: [.arm64], flavours: ["generic-64k"], minimumKernel: "5.4"), true),
        (SyncFilter(architectures: [.arm64], flavours: ["aws"], minimumKernel: "5.4"), false),
    ])
    func `a file must pass every part of a filter`(filter: SyncFilter, admitted: Bool) {
        #expect(filter.admits(name) == admitted)
    }

    @Test func `a file must pass every filter of a chain`() {
        let chain = FilterChain([SyncFilter(architectures: [.arm64])])
        #expect(chain.admits(name))
        #expect(!chain.appending(SyncFilter(flavours: ["aws"])).admits(name))
        #expect(FilterChain().admits(name))
    }

    @Test func `filters that take everything, or are there already, add nothing`() {
        let filter = SyncFilter(architectures: [.arm64])
        let chain = FilterChain().appending(.all).appending(filter).appending(filter).appending(.all)
        #expect(chain == FilterChain([filter]))
        #expect(FilterChain([.all, filter, .all]).filters == [filter])
    }

    @Test func `its JSON says only what it holds back, sorted, and reads back`() throws {
        let filter = SyncFilter(
            architectures: [.arm64, .amd64], flavours: ["lowlatency", "aws", "generic"], minimumKernel: "5.4.0")
        #expect(
            String(decoding: try DocumentCoding.encode(filter), as: UTF8.self)
                == #"{"architectures":["amd64","arm64"],"flavours":["aws","generic","lowlatency"],"minimumKernel":"5.4.0"}"#)
        #expect(String(decoding: try DocumentCoding.encode(SyncFilter.all), as: UTF8.self) == "{}")
        for filter in [filter, .all, SyncFilter(flavours: ["aws"])] {
            #expect(try DocumentCoding.decode(SyncFilter.self, from: DocumentCoding.encode(filter)) == filter)
        }
        let chain = FilterChain([filter])
        #expect(try DocumentCoding.decode(FilterChain.self, from: DocumentCoding.encode(chain)) == chain)
    }

    @Test func `equal filters are equal bytes, in whatever order they were put together`() throws {
        var random = SeededGenerator(seed: 5)
        let flavours = try (0..<50).map { try Flavour(parsing: "flavour\($0)") }
        let expected = try DocumentCoding.encode(FilterChain([SyncFilter(flavours: Set(flavours))]))
        for _ in 0..<20 {
            var set: Set<Flavour> = []
            for flavour in flavours.shuffled(using: &random) { set.insert(flavour) }
            #expect(try DocumentCoding.encode(FilterChain([SyncFilter(flavours: set)])) == expected)
        }
    }
}
