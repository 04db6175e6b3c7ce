import Foundation
import Testing

struct LinkTests {
    @Test func `every link within the repository leads somewhere`() throws {
        let documents = try Document.all()
        #expect(documents.count > 5)
        for document in documents {
            for link in document.links where !link.contains("://") && !link.hasPrefix("mailto:") {
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let target =
                    parts[0].isEmpty
                    ? document.url : document.url.deletingLastPathComponent().appending(path: String(parts[0])).standardized
                #expect(FileManager.default.fileExists(atPath: target.path), "\(document.name): \(link)")
                if parts.count == 2, target.pathExtension == "md" {
                    #expect(try Document(target).anchors.contains(String(parts[1])), "\(document.name): \(link)")
                }
            }
        }
    }

    @Test func `every document is linked from the README or from one that is`() throws {
        var reached: Set<String> = ["README.md"]
        var waiting = [try Document.named("README.md")]
        while let document = waiting.popLast() {
            for link in document.links {
                let target = document.url.deletingLastPathComponent().appending(path: String(link.prefix { $0 != "#" }))
                    .standardized
                guard target.pathExtension == "md", FileManager.default.fileExists(atPath: target.path),
                    reached.insert(target.lastPathComponent).inserted
                else { continue }
                waiting.append(try Document(target))
            }
        }
        #expect(try Document.all().map(\.name).filter { !reached.contains($0) } == [])
    }

    @Test func `every file of the sources that a document names exists`() throws {
        // But what is built need not be there.
        let path = /`((?:Sources|Tests|Examples|Benchmarks|Fuzzing|Scripts|Tools)\/(?!\.build)[^`\s]*)`/
        for document in try Document.all() {
            for name in document.prose.matches(of: path) {
                let path = Document.root.appending(path: String(name.1)).path
                #expect(FileManager.default.fileExists(atPath: path), "\(document.name): \(name.1)")
            }
        }
    }

    @Test func `every make verb that a document names is one`() throws {
        let makefile = try String(contentsOf: Document.root.appending(path: "Makefile"), encoding: .utf8)
        let verbs = Set(makefile.matches(of: /(?m)^([a-z0-9-]+):/).map { String($0.1) })
        for document in try Document.all() {
            for verb in document.text.matches(of: /(?:`|^|\n)(?:\$ )?make ([a-z][a-z0-9-]*)/) {
                #expect(verbs.contains(String(verb.1)), "\(document.name): make \(verb.1)")
            }
        }
    }
}
