public import FoundationEssentials

/// Whether a kernel gets patches, in the words of `GET /v1/api/kernels/supported`.
public enum KernelSupportStatus: String, Sendable, Codable, CaseIterable {
    case supported
    /// Kernels of that kind do, but not one that was built so long ago.
    case kernelUpgradeRequired = "kernel-upgrade-required"
    /// Kernels of that kind did, and do no longer.
    case kernelEndOfLife = "kernel-end-of-life"
    case unsupported
    /// What is known does not suffice to say.
    case unknown
}

extension CoverageTable {
    /// What the table says of a kernel; `nil` if it is silent.
    ///
    /// A kernel whose build date is not known may be one of those that need an upgrade. So may one whose codename is not known be one
    /// of a distribution that is covered, and one of another that is not: where entries differ, the answer is `unknown`.
    public func support(of kernel: KernelQuestion, at time: Date) -> KernelSupportStatus? {
        let answers = Set(entries(for: kernel).map { $0.support(of: kernel, at: time) })
        return answers.count > 1 ? .unknown : answers.first
    }

    /// The entries that speak of a kernel. One for its codename comes before one for all; of a kernel whose codename is not known, where
    /// only entries with codenames are there, all of them speak.
    func entries(for kernel: KernelQuestion) -> [KernelCoverage] {
        let entries = effective.filter {
            ($0.series, $0.flavour, $0.architecture) == (kernel.series, kernel.flavour, kernel.architecture)
        }
        let general = entries.filter { $0.codename == nil }
        guard let codename = kernel.codename else { return general.isEmpty ? entries : general }
        let exact = entries.filter { $0.codename == codename }
        return exact.isEmpty ? general : exact
    }
}

extension KernelCoverage {
    /// What this entry says of a kernel that it is about.
    fileprivate func support(of kernel: KernelQuestion, at time: Date) -> KernelSupportStatus {
        // The last second counts whole.
        guard Timestamp.wholeSecond(time) <= coveredUntil else { return .kernelEndOfLife }
        guard let oldestBuild else { return .supported }
        guard let built = kernel.buildDate else { return .unknown }
        return built < oldestBuild ? .kernelUpgradeRequired : .supported
    }
}
