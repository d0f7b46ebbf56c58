import ContainerRuntime
import Glibc
import Linux
import OCI

/// The command line of runc, in front of ContainerRuntime.
enum RuntimeProgram {
    static let version = "0.1.0"

    /// Runs one command; returns the exit code.
    static func run(_ words: [String]) -> Int32 {
        var options = GlobalOptions()
        do {
            var words = Words(words)
            try options.read(&words)
            guard let name = words.next() else { throw UsageError("no command is given; see --help") }
            guard let command = commands.first(where: { $0.name == name }) else {
                throw UsageError("no help topic or command for '\(name)'; see --help")
            }
            // Before anything is done, for it starts this program once more.
            if ["create", "run", "exec"].contains(name) { try Program.protectFile() }
            return try command.run(&words, options)
        } catch let finished as Finished {
            print(finished.text)
            return 0
        } catch {
            options.report("\(error)")
            return 1
        }
    }

    /// A command: its name, what follows it, what it is for.
    struct Command: Sendable {
        let name: String
        let usage: String
        let summary: String
        let run: @Sendable (inout Words, GlobalOptions) throws -> Int32
    }

    static let commands: [Command] = [
        Command(name: "create", usage: "[options] ID", summary: "make a container, not started yet", run: create),
        Command(name: "start", usage: "ID", summary: "start a container that has been made", run: start),
        Command(name: "run", usage: "[options] ID", summary: "make and start a container", run: runContainer),
        Command(name: "exec", usage: "[options] ID COMMAND [ARGUMENT…]", summary: "run another process", run: execute),
        Command(name: "state", usage: "ID", summary: "show a container's state as JSON", run: state),
        Command(name: "kill", usage: "[--all] ID [SIGNAL]", summary: "send a signal, SIGTERM by default", run: kill),
        Command(name: "delete", usage: "[--force] ID", summary: "remove a container that has ended", run: delete),
        Command(name: "list", usage: "[--format table|json] [--quiet]", summary: "list containers", run: list),
        Command(name: "pause", usage: "ID", summary: "freeze every process", run: pause),
        Command(name: "resume", usage: "ID", summary: "thaw every process", run: resume),
        Command(name: "update", usage: "[options] ID", summary: "change limits while it runs", run: update),
        Command(
            name: "events", usage: "[--stats] [--interval 5s] ID",
            summary: "tell of figures and of memory that has run out, as JSON", run: events),
        Command(name: "ps", usage: "[--format table|json] ID", summary: "list a container's processes", run: processes),
        Command(
            name: "spec", usage: "[--bundle DIR]", summary: "write a config.json to begin with", run: specification),
    ]

    static var help: String {
        let width = commands.map(\.name.count).max() ?? 0
        let lines = commands.map { command in
            let padding = String(repeating: " ", count: width - command.name.count)
            return
                "  \(command.name)\(padding)  \(command.summary)\n  \(String(repeating: " ", count: width))  \(command.usage)"
        }
        return """
            bulkhead-runtime \(version): containers out of OCI bundles, with runc's command line

            bulkhead-runtime [--root DIR] [--log FILE] [--log-format text|json] [--debug] COMMAND …

            \(lines.joined(separator: "\n"))

            create, run: --bundle DIR  --pid-file FILE  --console-socket PATH  --preserve-fds N; run: --detach  --keep
            exec: --tty  --detach  --user UID[:GID]  --cwd DIR  --env NAME=VALUE  --process FILE  --pid-file FILE
                  --console-socket PATH  --cap NAME  --no-new-privs  --additional-gids N  --preserve-fds N
            update: --resources FILE|-  --memory SIZE  --memory-reservation SIZE  --memory-swap SIZE  --pids-limit N
                  --cpu-share N  --cpu-quota N  --cpu-period N  --cpu-burst N  --cpu-rt-runtime N  --cpu-rt-period N
                  --cpu-idle 0|1  --cpuset-cpus LIST  --cpuset-mems LIST  --blkio-weight N
            """
    }
}

/// Not an error: there is a text to be shown, and that is all.
struct Finished: Error { let text: String }

/// The command line is wrong.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
