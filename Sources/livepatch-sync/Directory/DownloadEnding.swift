import LivepatchAPI
import LivepatchConsole
import LivepatchKit

extension Download.Outcome {
    /// Says why each failed file did.
    func tellFailures(on console: Console) {
        for failure in failures.sorted(by: { $0.name < $1.name }) { console.warn("\(failure.name): \(failure.error)") }
    }

    /// The exit status if something is missing: that of the failure if nothing could be had, otherwise the one that says to try
    /// again.
    var exitStatus: ExitStatus? {
        guard let first = failures.first else { return nil }
        return complete.isEmpty ? ErrorDisposition(of: first.error.code).exit : .temporaryFailure
    }
}
