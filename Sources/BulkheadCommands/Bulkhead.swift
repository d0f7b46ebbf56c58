public import ArgumentParser
internal import Glibc

/// The `bulkhead` command.
public struct Bulkhead: ParsableCommand {
    /// The command's name, help and version, and its subcommands, grouped as the help shows them.
    public static let configuration = CommandConfiguration(
        commandName: "bulkhead",
        abstract: "Run applications in containers, in virtual machines, and in containers inside virtual machines.",
        discussion: """
            EXAMPLES:
              bulkhead load -i box.tar
              bulkhead run --rm box echo hello
              bulkhead run --rm --isolation vm box uname -r
              bulkhead machine create --cpus 2 --memory 1g lab
              bulkhead machine start lab
              bulkhead run -it --rm --machine lab box sh

            The daemon is looked for at --host, else at BULKHEAD_HOST, else at DOCKER_HOST, else at
            unix:///run/bulkhead.sock.
            """,
        version: "bulkhead \(BulkheadVersion.text)",
        groupedSubcommands: [
            CommandGroup(
                name: "Containers",
                subcommands: [
                    Run.self, Create.self, Start.self, Stop.self, Restart.self, Kill.self, Remove.self, Rename.self,
                    List.self, Logs.self, Attach.self, Exec.self, Inspect.self, Wait.self, Pause.self, Unpause.self,
                    Top.self, Stats.self,
                ]),
            CommandGroup(
                name: "Images",
                subcommands: [Images.self, Load.self, Import.self, Tag.self, RemoveImage.self]),
            CommandGroup(
                name: "Machines and volumes", subcommands: [MachineCommands.self, VolumeCommands.self]),
            CommandGroup(
                name: "Daemon", subcommands: [Events.self, Version.self, Info.self]),
            CommandGroup(
                name: "Under Docker's longer names", subcommands: [ContainerCommands.self, ImageCommands.self]),
        ])

    @Option(
        name: [.customShort("H"), .customLong("host")], parsing: .unconditional,
        help: ArgumentHelp("Where the daemon listens: unix:///PATH or tcp://HOST:PORT.", valueName: "endpoint"))
    var host: String?

    /// Without options.
    public init() {}

    /// A client of the daemon that the options and the environment name.
    func client() throws(CommandError) -> DaemonClient {
        DaemonClient(endpoint: try Endpoint.choose(option: host, environment: Environment.value))
    }

    /// Parses the command line, runs the command and exits with its code.
    public static func main() -> Never {
        // A closed pipe is an error of the write, which is reported where it happens.
        signal(SIGPIPE, SIG_IGN)
        Glibc.exit(run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs a command line and returns the exit code.
    static func run(_ arguments: [String]) -> Int32 {
        let command: any ParsableCommand
        do {
            command = try parseAsRoot(try CommandLineSpelling.normalized(arguments))
        } catch let error as CommandError {
            StandardStream.complain(error.description)
            return error.exitCode
        } catch {
            return report(parserError: error)
        }
        do {
            var command = command
            try command.run()
            return 0
        } catch let error as CommandError {
            if error != .outputClosed { StandardStream.complain(error.description) }
            if let starter = command as? any StartsProcess { return starter.exitCode(for: error) }
            return error.exitCode
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            return report(parserError: error)
        }
    }

    /// Help goes to standard output; mistakes go to standard error, with Docker's code for them.
    private static func report(parserError error: any Error) -> Int32 {
        let message = fullMessage(for: error)
        let isHelp = exitCode(for: error).isSuccess
        // Where the stream is closed, there is nobody left to tell.
        try? (isHelp ? StandardStream.output : .error).line(message)
        return isHelp ? 0 : 125
    }
}

/// The environment of this process.
enum Environment {
    /// The value of a variable.
    static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Where relative paths begin.
    static var directory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
