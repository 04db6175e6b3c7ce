import Hummingbird
import LivepatchKit
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Door {
    /// Whether a server could listen here now. Listens for a moment.
    /// - Throws: ``LivepatchError`` with the code `unavailable` or `configuration-invalid`.
    public func requireFree() async throws {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host ?? HTTPService.everyInterface, port: address.port).get()
            try await channel.close().get()
        } catch {
            throw LivepatchError(listeningAt: self, failed: error) ?? error
        }
    }
}

extension LivepatchError {
    /// Why an address cannot be listened on; `nil` for an error that has another reason.
    init?(listeningAt door: Door, failed error: any Error) {
        let (address, setting) = (door.address, door.setting)
        switch error {
        case let error as IOError:
            self.init(
                .unavailable, "The server cannot listen on \(address): \(Self.reason(error)).",
                suggestion: error.errnoCode == EADDRINUSE
                    ? "Stop what listens there, or set \(setting) to another address."
                    : "Set \(setting) to an address that it can have.", cause: error)
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            self.init(
                .configurationInvalid, "The server cannot listen on \(address): the host is not known.",
                suggestion: "Check \(setting).", cause: error)
        default: return nil
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "another program listens there"
        case EACCES: "that takes more rights than this process has"
        case EADDRNOTAVAIL: "this machine has no such address"
        default: String(cString: strerror(error.errnoCode))
        }
    }
}
