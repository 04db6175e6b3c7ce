import LivepatchConsole

@main
enum Program {
    static func main() async { await CommandEntry().run(LivepatchAgent.self) }
}
