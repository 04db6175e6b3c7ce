import LivepatchKit

/// Every key that this project knows, in the order in which the reference lists them.
public enum ConfigurationCatalogue {
    public static let keys: [ConfigurationKey] =
        ServerSettings.keys + EncryptionSettings.keys + LimitSettings.keys + MetricsSettings.keys + AuthenticationSettings.keys
        + OAuthSettings.keys + StorageSettings.keys + PatchCacheSettings.keys + SyncSettings.keys + MachineSettings.keys
        + WebhookSettings.keys + laterKeys

    /// The keys that this release reads.
    public static let availableKeys = keys.filter(\.isAvailable)

    private static let byName = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    private static let byEnvironmentName = Dictionary(
        keys.map { ($0.environmentName, $0) }, uniquingKeysWith: { first, _ in first })

    /// The key of that name; for a name below one that ends in `.*`, that one.
    public static func key(named name: String) -> ConfigurationKey? {
        byName[name] ?? keys.first { $0.name.hasSuffix(".*") && name.hasPrefix($0.name.dropLast()) }
    }

    /// The key that an environment variable sets.
    public static func key(environmentName name: String) -> ConfigurationKey? {
        byEnvironmentName[name]
            ?? keys.first { $0.name.hasSuffix(".*") && name.hasPrefix($0.environmentName.dropLast()) }
    }

    /// The key whose name is most like a mistaken one; `nil` if none is.
    public static func nearest(to name: String) -> ConfigurationKey? {
        let wanted = name.lowercased().map { $0 == "_" ? "-" : $0 }
        if let ending = availableKeys.first(where: { $0.name.hasSuffix("." + String(wanted)) }) { return ending }
        let place = wanted.lastIndex(of: ".").map { $0 + 1 } ?? 0
        return nearest(to: wanted) { key in
            let known = Array(key.name)
            var distance = EditDistance.between(wanted, known)
            // In the right section the end of a name counts, too: server.address stands for server.server-address.
            if place > 0, known.starts(with: wanted[..<place]) {
                for (index, character) in known.enumerated() where character == "-" && index >= place {
                    distance = min(distance, 1 + EditDistance.between(Array(wanted[place...]), Array(known[(index + 1)...])))
                }
            }
            return distance
        }
    }

    /// As ``nearest(to:)``, for the name of an environment variable.
    public static func nearest(toEnvironmentName name: String) -> ConfigurationKey? {
        let wanted = Array(name)
        return nearest(to: wanted) { EditDistance.between(wanted, Array($0.environmentName)) }
    }

    private static func nearest(to wanted: [Character], distance: (ConfigurationKey) -> Int) -> ConfigurationKey? {
        let ranked = availableKeys.map { (key: $0, distance: distance($0)) }.min { $0.distance < $1.distance }
        return ranked.flatMap { $0.distance <= max(2, wanted.count * 2 / 5) ? $0.key : nil }
    }

    /// Whether the name is a section: the beginning of known names.
    static func isSection(_ name: String) -> Bool {
        name.isEmpty || keys.contains { $0.name.hasPrefix(name + ".") }
    }
}
