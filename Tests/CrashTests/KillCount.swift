import Foundation

/// How often a test kills a program: a bounded number in every run, more where `LIVEPATCH_KILLS` says so.
enum KillCount {
    static func wanted(usually count: Int) -> Int {
        ProcessInfo.processInfo.environment["LIVEPATCH_KILLS"].flatMap { Int($0) } ?? count
    }
}
