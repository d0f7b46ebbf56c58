import Foundation
import Testing

/// The three isolation levels, as a test's argument.
enum Level: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case process, vm, machine

    /// The levels that are tested: all, unless BULKHEAD_LEVELS names some while something is worked on.
    static let tested: [Level] = {
        guard let names = ProcessInfo.processInfo.environment["BULKHEAD_LEVELS"] else { return allCases }
        return names.split(separator: ",").compactMap { Level(rawValue: String($0)) }
    }()

    /// The named machine of the suite, in which the containers of level `machine` run.
    static let machineName = "shared"

    /// What `docker run` is told.
    var options: [String] {
        switch self {
        case .process: ["--isolation", "process"]
        case .vm: ["--isolation", "vm"]
        case .machine: ["--isolation", "machine:\(Level.machineName)"]
        }
    }

    var testDescription: String { rawValue }
}
