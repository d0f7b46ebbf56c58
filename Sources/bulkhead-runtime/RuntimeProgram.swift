import ContainerRuntime
import Glibc
import Linux
import OCI

/// The command line of runc, in front of ContainerRuntime.
enum RuntimeProgram {
    static let version = "0.1.0"

    /// Runs the command that this program was started with, to its exit code.
    static func main() -> Never {
        Memory.growInLargeSteps()
        let status = run(Array(CommandLine.arguments.dropFirst()))
        // Nothing is left to be done at exit but to write what was printed: what the kernel frees needs no care.
        fflush(nil)
        _exit(status)
    }

    /// Runs one command; returns the exit code.
    private static func run(_ words: [String]) -> Int32 {
        var options = GlobalOptions()
        // runc keeps 1 for exec's own program and has this for what went wrong before.
        var failure: Int32 = 1
        do throws(CommandError) {
            var words = Words(words)
            try options.read(&words)
            guard let name = words.next() else {
                // criu has no words for us.
                if let steps = RestoreSteps.asked { return try steps.run() }
                throw .finished(help)
            }
            if name == "help" || name == "h" { throw .finished(try help(of: words.next())) }
            guard let command = commands.first(where: { $0.name == name }) else {
                failure = 3
                throw .usage("no help topic for '\(name)'; see --help for the commands")
            }
            if name == "exec" { failure = 255 }
            words.help = { command.help }
            // Before anything is done, for it starts this program once more.
            if ["create", "run", "exec"].contains(name) { try kernel(Program.protectFile()) }
            return try command.run(&words, options)
        } catch .finished(let text) {
            print(text)
            return 0
        } catch {
            options.report("\(error)")
            return failure
        }
    }

    /// A command: its name, what follows it, what it is for.
    struct Command: Sendable {
        let name: String
        let usage: String
        let summary: String
        let run: @Sendable (inout Words, GlobalOptions) throws(CommandError) -> Int32

        /// What `COMMAND --help` shows.
        var help: String {
            """
            bulkhead-runtime \(name): \(summary)

            bulkhead-runtime [global options] \(name) \(usage)
            """
        }
    }

    private static func help(of name: String?) throws(CommandError) -> String {
        guard let name else { return help }
        guard let command = commands.first(where: { $0.name == name }) else {
            throw .usage("no help topic for '\(name)'; see --help for the commands")
        }
        return command.help
    }

    /// The lines of help that `checkpoint` and `restore` share.
    private static let sharedWithRestore = """
          --tcp-established        with its TCP connections
          --ext-unix-sk            with Unix sockets that lead out of it
          --shell-job              with a session or terminal that leads out of it
          --file-locks             with locks on files
          --link-remap             with files that are unlinked and open
          --manage-cgroups-mode soft|full|strict|ignore
                                   what criu does about control groups below the container's
          --empty-ns network       the network namespace comes back empty
          --auto-dedup             free what is there twice in images
        """

    static let commands: [Command] = [
        Command(
            name: "create",
            usage: """
                [options] ID
                  --bundle DIR, -b DIR     the directory with config.json, by default the working directory
                  --console-socket PATH    a listening socket that gets the terminal's master
                  --pid-file FILE          where the first process's number is written
                  --pidfd-socket PATH      a listening socket that gets a pidfd of the first process
                  --preserve-fds N         pass N more descriptors on, from 3
                  --no-new-keyring         stay in the caller's session keyring
                """, summary: "make a container, not started yet", run: create),
        Command(name: "start", usage: "ID", summary: "start a container that has been made", run: start),
        Command(
            name: "run",
            usage: """
                [options] ID
                  --bundle DIR, -b DIR     the directory with config.json, by default the working directory
                  --detach, -d             do not wait for its end
                  --keep                   do not delete it when it has ended
                  --console-socket PATH    a listening socket that gets the terminal's master
                  --pid-file FILE          where the first process's number is written
                  --pidfd-socket PATH      a listening socket that gets a pidfd of the first process
                  --preserve-fds N         pass N more descriptors on, from 3
                  --no-new-keyring         stay in the caller's session keyring
                  --no-subreaper           accepted; there is never a subreaper
                """, summary: "make and start a container", run: runContainer),
        Command(
            name: "exec",
            usage: """
                [options] ID COMMAND [ARGUMENT…]
                  --process FILE, -p FILE  a process object as JSON, instead of COMMAND and the options below
                  --user UID[:GID], -u     as whom; a name of the container's /etc/passwd will do
                  --cwd DIR                the working directory
                  --env NAME=VALUE, -e     one more variable
                  --tty, -t                with a terminal
                  --cap NAME, -c NAME      one more capability
                  --additional-gids N, -g  one more group
                  --no-new-privs           executing a program never gives more privileges
                  --apparmor PROFILE       the AppArmor profile
                  --process-label LABEL    the SELinux label
                  --cgroup [CONTROLLER:]PATH
                                           a control group below the container's, which exists; with controllers
                                           (cgroup v1 only; several with commas) for these alone
                  --detach, -d             do not wait for its end
                  --console-socket PATH    a listening socket that gets the terminal's master
                  --pid-file FILE          where its number is written
                  --pidfd-socket PATH      a listening socket that gets a pidfd of it
                  --preserve-fds N         pass N more descriptors on, from 3
                  --ignore-paused          in a paused container too: it runs when that is resumed
                """, summary: "run another process", run: execute),
        Command(name: "state", usage: "ID", summary: "show a container's state as JSON", run: state),
        Command(
            name: "kill", usage: "[--all, -a] ID [SIGNAL]",
            summary: "send a signal (9, KILL or SIGKILL; SIGTERM by default)", run: kill),
        Command(
            name: "delete", usage: "[--force, -f] ID", summary: "remove a container that has ended, by force any",
            run: delete),
        Command(
            name: "list", usage: "[--format table|json, -f] [--quiet, -q]", summary: "list containers", run: list),
        Command(name: "pause", usage: "ID", summary: "freeze every process", run: pause),
        Command(name: "resume", usage: "ID", summary: "thaw every process", run: resume),
        Command(
            name: "update",
            usage: """
                [options] ID
                  --resources FILE|-  --memory SIZE  --memory-reservation SIZE  --memory-swap SIZE  --pids-limit N
                  --cpu-share N  --cpu-quota N  --cpu-period N  --cpu-burst N  --cpu-rt-runtime N  --cpu-rt-period N
                  --cpu-idle 0|1  --cpuset-cpus LIST  --cpuset-mems LIST  --blkio-weight N
                  --l3-cache-schema LINE  --mem-bw-schema LINE
                """, summary: "change limits while it runs", run: update),
        Command(
            name: "events", usage: "[--stats] [--interval 5s] ID",
            summary: "tell of figures and of memory that has run out, as JSON", run: events),
        Command(
            name: "ps", usage: "[--format table|json, -f] ID [OPTIONS OF ps(1)]",
            summary: "list a container's processes", run: processes),
        Command(name: "features", usage: "", summary: "show as JSON what this runtime can do", run: features),
        Command(
            name: "spec", usage: "[--bundle DIR, -b] [--rootless]", summary: "write a config.json to begin with",
            run: specification),
        Command(
            name: "checkpoint",
            usage: """
                [options] ID
                  --image-path DIR         where the images are written, by default ./checkpoint
                  --work-path DIR          where criu's log is written, by default with the images
                  --parent-path DIR        an earlier --pre-dump, relative to the images: only what has changed is written
                  --pre-dump               save memory only, and let the container go on
                  --leave-running          let the container go on when it is saved; else it is deleted
                  --page-server ADDRESS:PORT
                                           send memory to a page server of criu's
                \(sharedWithRestore)
                  --tcp-skip-in-flight     leave connections out that are not accepted yet
                """, summary: "save a running container's processes, by criu", run: checkpoint),
        Command(
            name: "restore",
            usage: """
                [options] ID
                  --bundle DIR, -b DIR     the directory with config.json, by default the working directory
                  --image-path DIR         where the images are, by default ./checkpoint
                  --work-path DIR          where criu's log is written, by default with the images
                  --detach, -d             do not wait for its end
                  --keep                   do not delete it when it has ended
                  --console-socket PATH    a listening socket that gets the terminal's master
                  --pid-file FILE          where the first process's number is written
                \(sharedWithRestore)
                  --lsm-profile TYPE:NAME  another AppArmor profile or SELinux label
                  --lsm-mount-context CTX  another SELinux label of mounts
                  --no-pivot               accepted; criu changes the root its own way
                  --no-subreaper           accepted; there is never a subreaper
                """, summary: "make a container of what checkpoint has saved, by criu", run: restore),
    ]

    static var help: String {
        let width = commands.map { $0.name.count }.max() ?? 0
        let lines = commands.map { command in
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)"
        }
        return """
            bulkhead-runtime \(version): containers out of OCI bundles, with runc's command line

            bulkhead-runtime [global options] COMMAND …

            \(lines.joined(separator: "\n"))
              help COMMAND, or COMMAND --help, tells of a command's options

              --root DIR                      where states are kept, by default /run/bulkhead-runtime, or
                                              $XDG_RUNTIME_DIR/bulkhead-runtime of an ordinary user
              --log FILE                      where errors are written as well as to standard error
              --log-format text|json          how they are written there
              --debug                         tell of steps, too
              --rootless true|false|auto      whether to go on without what only the host's superuser can have and
                                              nobody has asked for, such as control groups
              --systemd-cgroup                have systemd make control groups: the user's own for an ordinary user
              --criu FILE                     the program criu, by default the one in $PATH
              --version, -v
            """
    }
}
