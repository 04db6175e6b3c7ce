/// How exactly a server tells its upstream numbers of machines.
public enum MachineCountStrategy: String, Sendable, Codable, CaseIterable {
    /// The numbers themselves.
    case unit
    /// The lower bound of the bucket that a number falls into.
    case bucket
}
