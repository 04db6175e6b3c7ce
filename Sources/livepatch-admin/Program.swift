import FoundationEssentials
import LivepatchConsole
import LivepatchTracing

@main
enum Program {
    static func main() async {
        await withTrace("livepatch-admin", in: ProcessInfo.processInfo.environment) { () async -> Void in
            await CommandEntry().run(LivepatchAdmin.self)
        }
    }
}
