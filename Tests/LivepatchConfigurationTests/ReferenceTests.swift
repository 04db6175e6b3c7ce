import Foundation
import LivepatchConfiguration
import Testing

struct ReferenceTests {
    @Test func `the checked-in reference is what the table of keys says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Documentation/configuration.md"), encoding: .utf8)
        #expect(
            text == ConfigurationReference.markdown(),
            "Documentation/configuration.md is out of date: run 'make docs-configuration'.")
    }

    @Test func `the reference names every key once, with its default`() {
        let text = ConfigurationReference.markdown()
        for key in ConfigurationCatalogue.keys {
            #expect(text.components(separatedBy: "| `\(key.name)`").count == 2, "\(key.name)")
        }
        #expect(text.contains("| `patch-sync.interval` | duration | `1h` |"))
    }

    @Test func `names and their environment forms are unique and never stand for two keys`() {
        let names = ConfigurationCatalogue.keys.map(\.name)
        let environmentNames = ConfigurationCatalogue.keys.map(\.environmentName)
        #expect(Set(names).count == names.count)
        #expect(Set(environmentNames).count == environmentNames.count)
        for name in environmentNames where name.hasSuffix("*") {
            #expect(!environmentNames.contains { $0 != name && $0.hasPrefix(name.dropLast()) }, "\(name)")
        }
    }

    @Test func `the environment form is LP_, upper case, and underscores`() {
        #expect(ConfigurationCatalogue.key(named: "patch-sync.token")?.environmentName == "LP_PATCH_SYNC_TOKEN")
        #expect(ConfigurationCatalogue.key(environmentName: "LP_PATCH_SYNC_PROXY_NO_PROXY")?.name == "patch-sync.proxy.no-proxy")
    }

    @Test func `every default is a value that reads without a mistake when it is written out`() throws {
        let assignments = ConfigurationCatalogue.availableKeys.map { "\($0.name)=\($0.defaultText)" }
        #expect(try load(assignments).server == load().server)
    }
}
