internal import ArgumentParser
internal import DockerModels
internal import Glibc
internal import Linux
internal import OCI

/// `bulkhead exec`
struct Exec: StartsProcess {
    static let configuration = CommandConfiguration(
        abstract: "Run a command in a running container.",
        usage: "bulkhead exec [<options>] <container> <command> ...",
        discussion: """
            Exits with the code of the command.

            EXAMPLES:
              bulkhead exec web ps
              bulkhead exec -it -w /srv web sh
              echo hello | bulkhead exec -i web tee /srv/index.html
            """)
    static let switches = Switches(names: ExecOptions.switches)

    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ExecOptions

    func perform(_ client: DaemonClient) throws {
        let (name, _) = try options.targetAndCommand(of: "container")
        throw ExitCode(try options.run(client, creating: "/containers/\(name)/exec"))
    }
}

/// Options of `exec` in a container and in a machine.
struct ExecOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Run in the background") var detach = false
    @Flag(name: .shortAndLong, help: "Pass standard input on") var interactive = false
    @Flag(name: .shortAndLong, help: "Give it a terminal") var tty = false
    @Flag(help: "Allow nearly everything that the host may do") var privileged = false
    @Option(
        name: [.customShort("e"), .customLong("env")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set an environment variable", valueName: "NAME=VALUE"))
    var environment: [String] = []
    @Option(
        name: .customLong("env-file"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Read environment variables from a file", valueName: "FILE"))
    var environmentFiles: [String] = []
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Whom it runs as", valueName: "USER[:GROUP]"))
    var user: String?
    @Option(
        name: .shortAndLong, parsing: .unconditional, help: ArgumentHelp("Where it starts", valueName: "PATH"))
    var workdir: String?
    @Option(
        name: .customLong("detach-keys"), parsing: .unconditional,
        help: ArgumentHelp("The keys to leave it running with (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?
    @Argument(parsing: .captureForPassthrough, help: "Where to run it, then the command with its arguments.")
    var arguments: [String] = []

    static let switches: [String: Character?] = ["detach": "d", "interactive": "i", "tty": "t", "privileged": nil]

    func targetAndCommand(of kind: String) throws(CommandError) -> (target: String, command: [String]) {
        guard let target = arguments.first else { throw .usage("no \(kind) given; see --help") }
        if target.hasPrefix("-") { throw .usage("unknown option \(target); see --help") }
        guard arguments.count > 1 else { throw .usage("no command to run in \(target) given; see --help") }
        return (target, Array(arguments.dropFirst()))
    }

    /// Runs the command and returns its exit code.
    func run(_ client: DaemonClient, creating path: Request.Path) throws(CommandError) -> Int32 {
        if tty && interactive && !detach && !Terminal.isTerminal(STDIN_FILENO) {
            throw .terminal("-t needs a terminal, and standard input is none; leave -t out")
        }
        let keys = try detachKeys.map { text throws(CommandError) in try DetachKeys(text) } ?? .standard
        let body = try creation().encoded
        let created: Identifier = try client.value(Request(.post, path, body: .json(body)))
        let size = tty ? Window.size : nil
        let start = JSON.members([
            "Detach": .bool(detach), "Tty": .bool(tty),
            "ConsoleSize": size.map { .array([JSON($0.rows), JSON($0.columns)]) },
        ])
        let request = Request(.post, "/exec/\(created.id)/start", body: .json(start.encoded))
        if detach {
            try client.perform(request)
            return 0
        }
        var options = AttachedSession.Options(terminal: tty, input: interactive)
        let resize = { () -> Void in
            guard let size = Window.size else { return }
            // A window of the wrong size is no reason to end.
            _ = try? client.perform(
                Request(
                    .post, "/exec/\(created.id)/resize", query: [("h", "\(size.rows)"), ("w", "\(size.columns)")]))
        }
        if tty {
            options.detachKeys = keys
            options.resize = resize
        }
        let session = try AttachedSession(try client.hijack(request), options, waiting: nil)
        try session.watchSignals()
        if tty { resize() }
        switch try session.run() {
        case .finished: break
        case .detached:
            try StandardStream.error.line("read escape sequence")
            return 0
        case .interrupted(let signal): return 128 + signal
        }
        let ended = try client.document(Request(.get, "/exec/\(created.id)/json"))
        return Int32(truncatingIfNeeded: ended["ExitCode"].number)
    }

    private func creation() throws(CommandError) -> JSON {
        var variables: [String] = []
        for file in environmentFiles { variables += try KeyValue.lines(ofFile: file) }
        let environment = try KeyValue.resolve(
            environment: variables + self.environment, from: Environment.value)
        return JSON.members([
            "User": .string(user ?? ""), "Privileged": .bool(privileged), "Tty": .bool(tty),
            "AttachStdin": .bool(interactive && !detach), "AttachStdout": .bool(!detach),
            "AttachStderr": .bool(!detach), "Detach": .bool(detach), "DetachKeys": .string(detachKeys ?? ""),
            "Env": environment.isEmpty ? .null : JSON(environment), "WorkingDir": .string(workdir ?? ""),
            "Cmd": JSON(Array(arguments.dropFirst())),
        ])
    }
}
