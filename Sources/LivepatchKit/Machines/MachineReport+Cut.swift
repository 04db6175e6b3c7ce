extension MachineReport {
    /// The longest time for which a machine is believed to have been running, or to wait for a patch, in seconds: a hundred years.
    static let durationLimit: Int64 = 100 * 366 * 86_400

    /// This report as it is kept: texts cut to ``textLimit``, and durations that cannot be left out.
    /// - Returns: the report, and what had to be cut, by member; empty if nothing was.
    package func cut() -> (report: MachineReport, members: [String]) {
        var report = self
        var members: [String] = []
        func cut(_ text: inout String?, _ member: String) {
            guard let whole = text, whole.utf8.count > Self.textLimit else { return }
            text = whole.cut(toBytes: Self.textLimit)
            members.append(member)
        }
        func check(_ seconds: inout Int64?, _ member: String) {
            guard let value = seconds, !(0...Self.durationLimit).contains(value) else { return }
            seconds = nil
            members.append(member)
        }
        cut(&report.cpuModel, "cpuModel")
        cut(&report.message, "message")
        cut(&report.clientVersion, "clientVersion")
        cut(&report.codename, "codename")
        check(&report.uptimeSeconds, "uptimeSeconds")
        if let delay = patchDelaySeconds, delay > Self.durationLimit {
            // Longer than anything was released ago: it means the same, and can be reckoned with.
            report.patchDelaySeconds = Self.durationLimit
        } else {
            check(&report.patchDelaySeconds, "patchDelaySeconds")
        }
        return (report, members)
    }
}

extension String {
    /// The longest beginning that ends with a whole character and has no more bytes of UTF-8.
    fileprivate func cut(toBytes limit: Int) -> String {
        var length = 0
        var end = startIndex
        for index in indices {
            length += self[index].utf8.count
            if length > limit { break }
            end = self.index(after: index)
        }
        return String(self[..<end])
    }
}
