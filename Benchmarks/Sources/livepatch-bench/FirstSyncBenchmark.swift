import Foundation
import Glibc
import LivepatchAPI
import LivepatchFiles
import LivepatchHTTP
import LivepatchKit
import PatchGenerator

/// A first sync of many files, verified and durable, in rounds that alternate with programs that only copy files.
struct FirstSyncBenchmark {
    let bench: Workbench

    private static let fileLength = 100_000
    private static let flavours = 10
    /// Rounds, as long as there is room for what arrives in them: at full size 5 GB each.
    private static let mostRounds = 3

    /// A program that brings the same files into an empty directory.
    private struct Peer {
        let name: String
        let crossesNetwork: Bool
        let program: String
        let arguments: [String]
    }

    func run() async throws -> [Figure] {
        let count = bench.scale.firstFiles
        defer {
            for name in ["first", "first-www", "arrived", "kept"] { bench.remove(name) }
        }
        bench.say("first: making \(count) files of 100 KB…")
        let names = PatchNames(
            versions: [PatchVersion(100, 1)], kernels: try PatchNames.kernels(count / Self.flavours),
            flavours: try (0..<Self.flavours).map { try Flavour(parsing: "flavour\($0)") })
        let origin = try Stores(at: bench.path("first"))
        try FileManager.default.createDirectory(atPath: bench.path("first-www"), withIntermediateDirectories: true)
        var noise = Noise(seed: 3)
        let contents = names.all().map { (name: $0, bytes: noise.bytes(Self.fileLength)) }
        for file in try await origin.release(contents, atOnce: 4) {
            // The same file under its name, so that everybody reads the same bytes of the same disk.
            try FileManager.default.linkItem(
                atPath: DirectoryPatchStorage(at: bench.path("first")).path(of: file.digest),
                toPath: bench.path("first-www/\(file.name)"))
        }
        let secret = try await origin.issueToken()
        try origin.close()
        let server = try await RunningServer(bench.server, dataDirectory: bench.path("first"))
        defer { server.stop() }
        // What is signed for the first asker is not the sync's cost.
        let asker = try Site(at: bench.path("asker"), from: server.address, token: secret)
        _ = try await asker.upstream.head(unless: nil)
        try await asker.close()

        let daemon = try RunningRsync(root: bench.path("first-www"), folder: bench.path("rsync"))
        defer { daemon?.stop() }
        let nginx = try await Program.path("nginx").asyncMap {
            try await RunningNginx($0, root: bench.path("first-www"), folder: bench.path("nginx"))
        }
        defer { nginx?.stop() }
        let peers = try peers(names.all().map(\.description), daemon, nginx)
        return try await measure(peers, server, secret)
    }

    private func measure(_ peers: [Peer], _ server: RunningServer, _ secret: String) async throws -> [Figure] {
        var ours: [Double] = []
        var processor: [Double] = []
        var ownProcessor: [Double] = []
        var theirs = [[Double]](repeating: [], count: peers.count)
        try FileManager.default.createDirectory(atPath: bench.path("kept"), withIntermediateDirectories: true)
        for round in 1...min(bench.scale.rounds, Self.mostRounds) {
            bench.say("first: round \(round)")
            sync()
            let before = (try server.processorSeconds(), Self.processorSeconds())
            let site = try Site(at: bench.path("arrived"), from: server.address, token: secret)
            ours.append(try await bench.time { try await site.sync() })
            try await site.close()
            processor.append(try server.processorSeconds() - before.0)
            ownProcessor.append(Self.processorSeconds() - before.1)
            try keep("\(round)")
            for (index, peer) in peers.enumerated() {
                try FileManager.default.createDirectory(atPath: bench.path("arrived"), withIntermediateDirectories: true)
                // What one leaves to be written to the disk is not to cost the next one.
                sync()
                theirs[index].append(try await bench.time { _ = try Program.output(peer.program, peer.arguments) })
                let arrived = try FileManager.default.contentsOfDirectory(atPath: bench.path("arrived")).count
                guard arrived == bench.scale.firstFiles else {
                    throw LivepatchError(.internalFault, "\(peer.name) brought \(arrived) files.")
                }
                try keep("\(round)-\(index)")
            }
        }
        let name = "first sync of \(bench.scale.firstFiles) files of 100 KB"
        let fastest = zip(peers, theirs).filter(\.0.crossesNetwork).min { Figure.median($0.1) < Figure.median($1.1) }?.0.name
        return zip(peers, theirs).map { peer, seconds in
            Figure(name, .seconds, ours, against: peer.name, seconds, target: peer.name == fastest ? .atMost(1) : nil)
        } + [
            Figure("\(name): processor time of the server", .seconds, processor),
            Figure("\(name): processor time of the downstream", .seconds, ownProcessor),
        ]
    }

    /// Keeps what has arrived: a file system may be long busy with what was deleted.
    private func keep(_ name: String) throws {
        try FileManager.default.moveItem(atPath: bench.path("arrived"), toPath: bench.path("kept/\(name)"))
    }

    /// Processor time that this process has used.
    private static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private func peers(_ names: [String], _ daemon: RunningRsync?, _ nginx: RunningNginx?) throws -> [Peer] {
        let target = bench.path("arrived")
        var peers: [Peer] = []
        if let daemon {
            peers.append(
                Peer(
                    name: "rsync from a daemon", crossesNetwork: true, program: daemon.program,
                    arguments: ["-r", "\(daemon.address)/files/", "\(target)/"]))
        }
        if let nginx {
            let urls = names.map { "\(nginx.address)/sendfile/\($0)" }
            if let curl = Program.path("curl") {
                let list = zip(urls, names).map { "url = \"\($0)\"\noutput = \"\(target)/\($1)\"\n" }.joined()
                try Data(list.utf8).write(to: URL(filePath: bench.path("curl.list")))
                peers.append(
                    Peer(
                        name: "curl -Z --parallel-max 16", crossesNetwork: true, program: curl,
                        arguments: ["-q", "-sS", "-f", "-Z", "--parallel-max", "16", "-K", bench.path("curl.list")]))
            }
            if let aria = Program.path("aria2c") {
                try Data(urls.joined(separator: "\n").utf8).write(to: URL(filePath: bench.path("aria.list")))
                peers.append(
                    Peer(
                        name: "aria2c -j16", crossesNetwork: true, program: aria,
                        arguments: [
                            "--no-conf", "-q", "-j16", "--file-allocation=none", "-d", target, "-i", bench.path("aria.list"),
                        ]))
            }
        }
        if let copy = Program.path("cp") {
            peers.append(
                Peer(name: "cp", crossesNetwork: false, program: copy, arguments: ["-rT", bench.path("first-www"), target]))
        }
        for (program, package) in [("rsync", "rsync"), ("nginx", "nginx-light"), ("curl", "curl"), ("aria2c", "aria2")]
        where Program.path(program) == nil {
            bench.say("first: not compared with \(program), which is missing (apt-get install \(package))")
        }
        return peers
    }
}

extension Optional where Wrapped == String {
    /// What is made of it, where there is something.
    fileprivate func asyncMap<Value>(_ transform: (String) async throws -> Value) async rethrows -> Value? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
