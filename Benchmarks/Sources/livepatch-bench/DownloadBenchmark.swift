import Foundation
import LivepatchKit

/// Downloads of small, middling and large files by many connections at once, in rounds that alternate with nginx.
struct DownloadBenchmark {
    let bench: Workbench

    private static let sizes = [("4 KiB", 4 << 10), ("100 KiB", 100 << 10), ("2 MiB", 2 << 20)]

    func run() async throws -> [Figure] {
        guard let load = LoadGenerator.found, let nginx = Program.path("nginx") else {
            bench.say("downloads: not measured, since nginx or wrk is missing (apt-get install nginx-light wrk)")
            return []
        }
        let stores = try Stores(at: bench.path("downloads"))
        try FileManager.default.createDirectory(atPath: bench.path("www"), withIntermediateDirectories: true)
        var names: [PatchFileName] = []
        var noise = Noise(seed: 1)
        for (index, size) in Self.sizes.enumerated() {
            let name = try PatchFileName(parsing: "livepatch-5.15.0-\(100 + index).1-generic-107.1-amd64.tar.bz2")
            let bytes = noise.bytes(size.1)
            try await stores.release([(name, bytes)])
            try Data(bytes).write(to: URL(filePath: bench.path("www/\(name)")))
            names.append(name)
        }
        let secret = try await stores.issueToken()
        let server = try await RunningServer(bench.server, dataDirectory: bench.path("downloads"))
        defer { server.stop() }
        let other = try await RunningNginx(nginx, root: bench.path("www"), folder: bench.path("nginx"))
        defer { other.stop() }

        var figures: [Figure] = []
        for (name, size) in zip(names, Self.sizes) {
            var ours: [Double] = []
            var theirs: [Double] = []
            for round in 1...max(bench.scale.rounds, 3) {
                bench.say("downloads: \(size.0), round \(round)")
                let seconds = bench.scale.downloadSeconds
                ours.append(try load.run("\(server.address)/v1/patches/\(name)", seconds: seconds, token: secret))
                // The better of two ways that nginx can be set up, each the best for some size.
                theirs.append(
                    max(
                        try load.run("\(other.address)/sendfile/\(name)", seconds: seconds, token: secret),
                        try load.run("\(other.address)/buffers/\(name)", seconds: seconds, token: secret)))
            }
            figures.append(Figure("downloads of \(size.0)", .perSecond, ours, against: "nginx", theirs))
        }
        try stores.close()
        return figures
    }
}
