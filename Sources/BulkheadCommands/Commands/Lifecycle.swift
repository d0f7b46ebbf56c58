internal import ArgumentParser

/// `bulkhead stop`
struct Stop: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask containers to end, then kill them.",
        discussion: """
            EXAMPLES:
              bulkhead stop web
              bulkhead stop -t 30 db
            """)
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: StopOptions
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws { try options.perform("stop", containers, client) }
}

/// `bulkhead restart`
struct Restart: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Stop containers and start them again.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: StopOptions
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws { try options.perform("restart", containers, client) }
}

/// How a container is asked to end.
struct StopOptions: ParsableArguments {
    @Option(
        name: [.customShort("t"), .customLong("timeout"), .customLong("time")], parsing: .unconditional,
        help: ArgumentHelp("Seconds to wait before it is killed; -1 for any time", valueName: "seconds"))
    var timeout: Int?
    @Option(name: .shortAndLong, help: "The signal that asks it to end") var signal: String?

    func perform(_ verb: String, _ containers: [String], _ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            try client.perform(
                Request(
                    .post, "/containers/\(name)/\(verb)",
                    query: [("t", timeout.map { "\($0)" }), ("signal", signal)]))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead kill`
struct Kill: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a signal to containers.",
        discussion: """
            EXAMPLES:
              bulkhead kill web
              bulkhead kill -s HUP web
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Option(name: .shortAndLong, help: "Its name or number (default: KILL)") var signal: String?
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            try client.perform(Request(.post, "/containers/\(name)/kill", query: [("signal", signal)]))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead pause`
struct Pause: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Halt all processes of containers.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            try client.perform(Request(.post, "/containers/\(name)/pause"))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead unpause`
struct Unpause: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Let the processes of paused containers go on.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            try client.perform(Request(.post, "/containers/\(name)/unpause"))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead rename`
struct Rename: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Give a container another name.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "The name or identifier.") var container: String
    @Argument(help: "The new name.") var newName: String

    func perform(_ client: DaemonClient) throws {
        try client.perform(Request(.post, "/containers/\(container)/rename", query: [("name", newName)]))
    }
}

/// `bulkhead rm`
struct Remove: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove containers.",
        discussion: """
            EXAMPLES:
              bulkhead rm web
              bulkhead rm -fv $(bulkhead ps -aq)
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Kill it first where it runs; no error where it is not there") var force = false
    @Flag(name: .shortAndLong, help: "Remove its anonymous volumes too") var volumes = false
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            do throws(CommandError) {
                try client.perform(
                    Request(
                        .delete, "/containers/\(name)",
                        query: [("force", force ? "1" : nil), ("v", volumes ? "1" : nil)]))
                try StandardStream.output.line(name)
            } catch .refused(404, let message) where force {
                try StandardStream.error.line("bulkhead: " + message)
            }
        }
    }
}

/// `bulkhead wait`
struct Wait: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Wait for containers to end and print their exit codes.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "Names or identifiers.") var containers: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(containers) { name throws(CommandError) in
            let stream = try client.stream(Request(.post, "/containers/\(name)/wait"))
            try StandardStream.output.line("\(try AttachedContainer.exitCode(stream))")
        }
    }
}
