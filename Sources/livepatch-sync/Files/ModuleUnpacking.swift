import LivepatchArchive
import LivepatchKit

/// Takes the kernel module out of each fetched tarball, and removes the tarball.
struct ModuleUnpacking {
    private let directory: PlainDirectory
    private let archive = TarballReader()

    init(_ directory: PlainDirectory) { self.directory = directory }

    /// The module's name: the tarball's, with `.ko` in place of `.tar.bz2`, so that modules of different kernels do not meet.
    static func moduleName(of file: PatchFile) -> String {
        let name = file.name.description
        return "\(name.prefix(name.count - ".tar.bz2".count)).ko"
    }

    /// A tarball that cannot be unpacked stays, and counts as failed.
    func unpack(_ outcome: Download.Outcome) async throws -> Download.Outcome {
        var rest = Download.Outcome(failures: outcome.failures)
        for file in outcome.complete {
            let name = file.name.description
            do {
                let contents = try await archive.contents(of: directory.open(name), limits: PatchArchiveLimits())
                guard contents.modules.count == 1, let module = contents.modules.first else {
                    throw LivepatchError(.patchModuleCount, "It holds \(contents.modules.count) modules instead of one.")
                }
                try directory.write(module.bytes, as: Self.moduleName(of: file))
                try directory.remove(name)
                rest.arrived.append(file)
            } catch let error as LivepatchError {
                rest.failures.append(Download.Failure(name: name, error: error))
            }
        }
        try directory.synchronize()
        return rest
    }
}
