import Foundation
import Glibc
import LivepatchKit

/// An rsync daemon over a directory.
struct RunningRsync {
    /// `rsync://127.0.0.1:…`; below it `/files/`.
    let address: String
    let program: String
    private let process: Process

    /// - Returns: `nil` where there is no rsync.
    init?(root: String, folder: String) throws {
        guard let program = Program.path("rsync") else { return nil }
        self.program = program
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let port = try Loopback.freePort()
        let configuration = """
            use chroot = no
            uid = \(getuid())
            gid = \(getgid())
            log file = \(folder)/log
            [files]
            path = \(root)
            read only = yes
            """
        try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/rsyncd.conf"))
        process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = [
            "--daemon", "--no-detach", "--address=127.0.0.1", "--port=\(port)", "--config=\(folder)/rsyncd.conf",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        address = "rsync://127.0.0.1:\(port)"
        let deadline = ContinuousClock.now + .seconds(10)
        while true {
            if let descriptor = try? Loopback.connect(port) {
                Loopback.close(descriptor)
                return
            }
            guard ContinuousClock.now < deadline, process.isRunning else {
                throw LivepatchError(.serverUnreachable, "rsync did not start; see \(folder)/log.")
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
