import Foundation
import LivepatchKit

/// Downloads of small, middling and large files by many connections at once, with the token checked, in rounds that alternate with
/// nginx, which checks none.
struct DownloadBenchmark {
    let bench: Workbench

    private struct Size {
        let name: String
        let bytes: Int
        /// What is promised of the ratio to nginx at its best, without TLS.
        let target: Double
    }

    private static let sizes = [
        Size(name: "4 KiB", bytes: 4 << 10, target: 0.9), Size(name: "100 KiB", bytes: 100 << 10, target: 1.1),
        Size(name: "2 MiB", bytes: 2 << 20, target: 1),
    ]

    func run() async throws -> [Figure] {
        guard let load = LoadGenerator.found, let nginx = Program.path("nginx") else {
            bench.say("downloads: not measured, since nginx or wrk is missing (apt-get install nginx-light wrk)")
            return []
        }
        let stores = try Stores(at: bench.path("downloads"))
        try FileManager.default.createDirectory(atPath: bench.path("www"), withIntermediateDirectories: true)
        var files: [(size: Size, name: PatchFileName)] = []
        var noise = Noise(seed: 1)
        for (index, size) in Self.sizes.enumerated() {
            let name = try PatchFileName(parsing: "livepatch-5.15.0-\(100 + index).1-generic-107.1-amd64.tar.bz2")
            let bytes = noise.bytes(size.bytes)
            try await stores.release([(name, bytes)])
            try Data(bytes).write(to: URL(filePath: bench.path("www/\(name)")))
            files.append((size, name))
        }
        let secret = try await stores.issueToken()
        try stores.close()
        let certificate = try TestCertificate(in: bench.path("certificate"))
        if certificate == nil {
            bench.say("downloads: not measured with TLS, since openssl is missing (apt-get install openssl)")
        }
        let other = try await RunningNginx(
            nginx, root: bench.path("www"), folder: bench.path("nginx"), certificate: certificate)
        defer { other.stop() }

        var figures: [Figure] = []
        for certificate in [nil] + [certificate].compactMap({ $0 }) {
            let server = try await RunningServer(
                bench.server, dataDirectory: bench.path("downloads"), settings: certificate?.settings ?? [:])
            defer { server.stop() }
            let nginxAddress = certificate == nil ? other.address : other.encryptedAddress
            for (size, name) in files {
                figures += try measure(size, name, secret, server.address, nginxAddress, load, certificate != nil)
            }
        }
        return figures
    }

    private func measure(
        _ size: Size, _ name: PatchFileName, _ secret: String, _ server: String, _ nginx: String, _ load: LoadGenerator,
        _ isEncrypted: Bool
    ) throws -> [Figure] {
        let what = "downloads of \(size.name)\(isEncrypted ? " with TLS" : "")"
        let seconds = bench.scale.downloadSeconds
        var ours: [Double] = []
        var sendfile: [Double] = []
        var buffers: [Double] = []
        for round in 1...max(bench.scale.rounds, 3) {
            bench.say("\(what), round \(round)")
            ours.append(try load.run("\(server)/v1/patches/\(name)", seconds: seconds, token: secret))
            sendfile.append(try load.run("\(nginx)/sendfile/\(name)", seconds: seconds, token: secret))
            buffers.append(try load.run("\(nginx)/buffers/\(name)", seconds: seconds, token: secret))
        }
        // The better of two ways that nginx can be set up, each the best for some size.
        let best = Figure.median(sendfile) > Figure.median(buffers) ? ("nginx, sendfile", sendfile) : ("nginx, buffers", buffers)
        var figures = [
            Figure(
                what, .perSecond, ours, against: best.0, best.1, target: .atLeast(isEncrypted ? 0.9 : size.target))
        ]
        if !isEncrypted, size.bytes >= 1 << 20, best.0 != "nginx, sendfile" {
            figures.append(Figure(what, .perSecond, ours, against: "nginx, sendfile", sendfile, target: .atLeast(1.4)))
        }
        return figures
    }
}
