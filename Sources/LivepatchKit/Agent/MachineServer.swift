/// The server that a machine is attached to, as the machine sees it. What is offered is a hint only; what is true of it, the signed
/// view says (``view``).
///
/// Implementations do not retry. Errors are ``LivepatchError``s with the server's own codes, and those of the way there:
/// `server-unreachable`, `unavailable`, `token-refused`.
public protocol MachineServer: Sendable {
    /// Tells how the machine is, and asks what it should have.
    func checkIn(_ report: MachineReport) async throws -> CheckInAnswer
    /// Tells a sign of life around an application.
    func ping(_ ping: MachinePing) async throws
    /// The documents and the content that the machine's token opens.
    var view: any UpstreamServer { get }
}
