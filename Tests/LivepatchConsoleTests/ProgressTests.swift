import ConsoleRecording
import LivepatchConsole
import LivepatchKit
import Synchronization
import Testing

@Suite struct ProgressTests {
    private let text = HumanText(now: RecordedConsole.now)

    @Test func `All is done only when every file is, and never one per cent too early`() {
        #expect(TransferProgress().fraction == nil)
        #expect(TransferProgress(files: 1000, filesDone: 999, bytes: 1000, bytesDone: 1000).fraction == 0.999)
        #expect(TransferProgress(files: 2, filesDone: 2, bytes: 10, bytesDone: 10).fraction == 1)
        #expect(TransferProgress(files: 2, filesDone: 1, filesFailed: 1, bytes: 10, bytesDone: 5).fraction == 1)
        #expect(TransferProgress(files: 4, filesDone: 1).fraction == 0.25)
    }

    @Test func `Skipped files are told apart and do not count as done`() {
        let progress = TransferProgress(
            SyncProgress(
                started: RecordedConsole.now, phase: .transferring, filesToFetch: 4, filesSkipped: 96, filesDone: 1,
                bytesToFetch: 4096, bytesDone: 1024))
        #expect(progress.fraction == 0.25)
        let line = ProgressLine(title: "Syncing", progress: progress, rate: TransferRate(), text: text)
        #expect(line.summary() == "Syncing: 1/4 files, 96 there already, 1.0 KiB/4.0 KiB.")
    }

    @Test func `The rate is that of the last seconds, and what was there before is nobody's merit`() {
        var rate = TransferRate(window: .seconds(10))
        rate.note(1_000_000, at: .seconds(0))
        #expect(rate.bytesPerSecond == nil)
        rate.note(1_001_000, at: .seconds(1))
        #expect(rate.bytesPerSecond == 1000)
        #expect(rate.remaining(bytes: 5000) == 5)
        for second in 2...40 { rate.note(1_001_000 + Int64(second - 1) * 10, at: .seconds(second)) }
        #expect(rate.bytesPerSecond == 10)
    }

    @Test func `A count that falls begins the measurement anew`() {
        var rate = TransferRate()
        rate.note(500, at: .seconds(0))
        rate.note(100, at: .seconds(1))
        #expect(rate.bytesPerSecond == nil)
    }

    @Test(arguments: [1, 10, 20, 40, 60, 80, 120, 300]) func `The line fits every width`(width: Int) {
        var rate = TransferRate()
        rate.note(0, at: .seconds(0))
        rate.note(10 << 20, at: .seconds(2))
        let progress = TransferProgress(
            files: 1234, filesDone: 345, filesFailed: 2, filesSkipped: 98_765, bytes: 45 << 30, bytesDone: 11 << 30)
        let line = ProgressLine(title: "Syncing", progress: progress, rate: rate, text: text).text(width: width)
        #expect(TextWidth.of(line) <= width)
        if width == 120 {
            #expect(line.contains("]   24 %  345/1234 files, 2 failed, 98765 there already  11 GiB/45 GiB  5.0 MiB/s"))
        }
    }

    @Test func `Without a terminal there is one line at the start and one at the end`() {
        let recorded = RecordedConsole()
        let bar = ProgressBar("Syncing", on: recorded.console)
        for done in 0...50 { bar.update(TransferProgress(files: 50, filesDone: done, bytes: 5000, bytesDone: Int64(done) * 100)) }
        bar.end()
        bar.end()
        #expect(recorded.errorOutput.lines == ["Syncing…", "Syncing: 50/50 files, 4.9 KiB/4.9 KiB."])
        #expect(recorded.output.text == "")
    }

    @Test func `On a terminal the line is redrawn ten times a second at most, and is gone at the end`() {
        let recorded = RecordedConsole(errorOutput: Terminal(width: 80, colours: false))
        let time = Mutex(Duration.zero)
        let bar = ProgressBar("Syncing", on: recorded.console, elapsed: { time.withLock { $0 } })
        for done in 0...100 {
            bar.update(TransferProgress(files: 100, filesDone: done))
            time.withLock { $0 += .milliseconds(10) }
        }
        bar.end()
        let drawings = recorded.errorOutput.text.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: true)
        #expect((2...11).contains(drawings.count))
        #expect(recorded.errorOutput.text.hasSuffix("\r\u{1B}[K"))
        #expect(!recorded.errorOutput.text.contains("\n"))
    }

    @Test func `A silent bar says nothing`() {
        let recorded = RecordedConsole()
        let bar = ProgressBar("Syncing", on: recorded.console, silent: true)
        bar.update(TransferProgress(files: 1, filesDone: 1))
        bar.end()
        #expect(recorded.errorOutput.text == "")
    }
}
