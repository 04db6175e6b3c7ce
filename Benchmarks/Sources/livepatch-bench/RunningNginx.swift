import Foundation
import Glibc
import LivepatchKit

/// nginx over the same files, with one worker, as a server of this project is one process.
struct RunningNginx {
    /// `http://127.0.0.1:…`; below it `/sendfile/`, `/buffers/` and `/constant`.
    let address: String
    /// The same with TLS; without a certificate nobody listens there.
    let encryptedAddress: String
    private let process: Process

    /// - Parameters:
    ///   - constant: how many bytes `/constant` answers with.
    ///   - certificate: for TLS.
    init(
        _ program: String, root: String, folder: String, constant: Int = 0, certificate: TestCertificate? = nil
    ) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let port = try Loopback.freePort()
        let encryptedPort = try Loopback.freePort()
        let encryption =
            certificate.map {
                "listen 127.0.0.1:\(encryptedPort) ssl; ssl_certificate \($0.path); ssl_certificate_key \($0.keyPath);"
            } ?? ""
        let configuration = """
            \(getuid() == 0 ? "user root;" : "") worker_processes 1; daemon off; error_log \(folder)/error.log; pid \(folder)/nginx.pid;
            events { worker_connections 256; }
            http {
                access_log off; keepalive_requests 10000000; tcp_nopush on; tcp_nodelay on;
                open_file_cache max=100; open_file_cache_valid 60s;
                client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p; fastcgi_temp_path \(folder)/f;
                uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                server {
                    listen 127.0.0.1:\(port);
                    \(encryption)
                    location /sendfile/ { alias \(root)/; sendfile on; }
                    location /buffers/ { alias \(root)/; sendfile off; output_buffers 2 1m; }
                    location /constant { default_type application/json; return 200 "\(String(repeating: "x", count: constant))"; }
                }
            }
            """
        try Data(configuration.utf8).write(to: URL(filePath: "\(folder)/nginx.conf"))
        process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["-p", folder, "-c", "\(folder)/nginx.conf"]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        address = "http://127.0.0.1:\(port)"
        encryptedAddress = "https://127.0.0.1:\(encryptedPort)"
        let deadline = ContinuousClock.now + .seconds(10)
        while !FileManager.default.fileExists(atPath: "\(folder)/nginx.pid") {
            guard ContinuousClock.now < deadline, process.isRunning else {
                throw LivepatchError(.serverUnreachable, "nginx did not start; see \(folder)/error.log.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
