import ArgumentParser

/// The option of every command that can count the deployments below.
struct DownstreamOptions: ParsableArguments {
    @Flag(help: "Add the latest numbers of the servers below this one.")
    var includeDownstream = false
}
