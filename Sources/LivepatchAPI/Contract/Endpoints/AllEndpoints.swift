extension Endpoint {
    /// Everything that a server can be asked. Whatever takes `GET` takes `HEAD`, too, which is not listed.
    public static let all: [Endpoint] =
        health + sessions + documents + downloads + tiers + patches + storage + syncTokens + authTokens + machines + fleet
        + kernels + trust + sync + webhooks + keeping
}
