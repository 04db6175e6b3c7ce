/// What the environment sets: every variable that begins with `LP_` is taken for a key.
enum EnvironmentSettings {
    static func layer(_ environment: [String: String]) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        for (name, text) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix(ConfigurationKey.environmentPrefix) {
            let origin = ConfigurationOrigin.environment(name)
            guard let key = ConfigurationCatalogue.key(environmentName: name) else {
                layer.problems.append(
                    .unknown(
                        name, origin: origin,
                        nearest: ConfigurationCatalogue.nearest(toEnvironmentName: name)?.environmentName))
                continue
            }
            layer.add(ConfigurationEntry(name: key.name, text: text, origin: origin))
        }
        return layer
    }
}
