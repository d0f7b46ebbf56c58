import Testing

/// The three isolation levels, as a test's argument.
enum Level: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case process, vm, machine

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
