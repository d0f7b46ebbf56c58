internal import ArgumentParser

/// A command that talks to the daemon.
protocol DaemonCommand: ParsableCommand {
    /// The root, with the options that all commands share.
    var bulkhead: Bulkhead { get }

    /// Does what the command is for.
    ///
    /// - Throws: ``CommandError``, or `ExitCode` where everything that was to be said has been.
    func perform(_ client: DaemonClient) throws
}

extension DaemonCommand {
    mutating func run() throws { try perform(try bulkhead.client()) }
}

/// A command whose exit code is that of a process it starts, with Docker's codes for a process that does not start.
protocol StartsProcess: DaemonCommand {}

extension StartsProcess {
    /// The code for an error.
    func exitCode(for error: CommandError) -> Int32 {
        error == .outputClosed ? error.exitCode : error.startExitCode
    }
}

extension DaemonClient {
    /// Does the same to each of several things: a failure is reported and does not keep the others from being done.
    func forEach(_ names: [String], _ body: (String) throws(CommandError) -> Void) throws {
        var failed = false
        for name in names {
            do throws(CommandError) { try body(name) } catch {
                if case .unreachable = error { throw error }
                if error == .outputClosed { throw error }
                StandardStream.complain(error.description)
                failed = true
            }
        }
        if failed { throw ExitCode(1) }
    }
}
