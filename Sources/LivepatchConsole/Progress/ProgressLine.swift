/// A progress bar as one line of text.
public struct ProgressLine: Sendable {
    /// What is going on: `Syncing`.
    public let title: String
    public let progress: TransferProgress
    public let rate: TransferRate
    public let text: HumanText

    public init(title: String, progress: TransferProgress, rate: TransferRate, text: HumanText) {
        self.title = title
        self.progress = progress
        self.rate = rate
        self.text = text
    }

    /// Title, bar, percentage, files, bytes, rate and the time that is left, as many of them as fit into `width` columns.
    public func text(width: Int) -> String {
        guard let fraction = progress.fraction else { return TextWidth.cut("\(title)…", to: width) }
        let percent = Int((fraction * 100).rounded(.down))
        var parts = ["\(String(repeating: " ", count: 3 - "\(percent)".count))\(percent) %"]
        for part in [files, bytes, speed, left].compactMap({ $0 }) {
            guard TextWidth.of(([title] + parts + [part]).joined(separator: "  ")) < width else { break }
            parts.append(part)
        }
        let rest = parts.joined(separator: "  ")
        let room = min(30, width - TextWidth.of(title) - TextWidth.of(rest) - 6)
        let bar = room >= 8 ? "  \(Self.bar(fraction, width: room))" : ""
        return TextWidth.cut("\(title)\(bar)  \(rest)", to: width)
    }

    /// What is known at the end, in one sentence without a bar.
    public func summary() -> String {
        "\(title): \([files, bytes].compactMap { $0 }.joined(separator: ", "))."
    }

    static func bar(_ fraction: Double, width: Int) -> String {
        let filled = Int((fraction * Double(width)).rounded(.down))
        return "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled) + "]"
    }

    private var files: String? {
        var parts: [String] = []
        if progress.files > 0 { parts.append("\(progress.filesDone)/\(progress.files) files") }
        if progress.filesFailed > 0 { parts.append("\(progress.filesFailed) failed") }
        if progress.filesSkipped > 0 { parts.append("\(progress.filesSkipped) there already") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    private var bytes: String? {
        progress.bytes > 0 ? "\(text.size(progress.bytesDone))/\(text.size(progress.bytes))" : nil
    }

    private var speed: String? { rate.bytesPerSecond.map { "\(text.size(Int64($0)))/s" } }

    private var left: String? {
        rate.remaining(bytes: progress.bytes - progress.bytesDone).flatMap { seconds in
            seconds < 100 * 86_400 ? "\(text.duration(seconds: seconds)) left" : nil
        }
    }
}
