import CLibFuzzer
import Foundation
import FuzzTargets

/// `fuzz` lists the targets. `fuzz --target=NAME …` is libFuzzer on one of them, with libFuzzer's options (`-help=1` prints them):
/// those that begin with two hyphens it leaves to us, and hands on to the processes that it starts itself.
@main enum Fuzz {
    /// libFuzzer's callback is a C function, which knows nothing but its input: so the target is one for the whole process.
    private static let target: FuzzTarget? = {
        let option = "--target="
        let name = CommandLine.arguments.first { $0.hasPrefix(option) }?.dropFirst(option.count)
        return FuzzTarget.all.first { $0.name == name ?? "" }
    }()

    static func main() {
        guard target != nil else {
            print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
            // Without arguments the list is what was asked for.
            exit(CommandLine.argc > 1 ? 64 : 0)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
                do {
                    try Fuzz.target?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
                } catch {
                    fatalError("\(error)")
                }
                return 0
            })
    }
}
