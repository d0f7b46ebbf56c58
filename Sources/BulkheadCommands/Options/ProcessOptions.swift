internal import ArgumentParser

/// Options of the process that runs in a container.
struct ProcessOptions: ParsableArguments {
    @Option(
        name: [.customShort("e"), .customLong("env")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set an environment variable; NAME alone takes its value from here", valueName: "NAME=VALUE")
    )
    var environment: [String] = []

    @Option(
        name: .customLong("env-file"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Read environment variables from a file", valueName: "FILE"))
    var environmentFiles: [String] = []

    @Option(
        name: [.customShort("w"), .customLong("workdir")], parsing: .unconditional,
        help: ArgumentHelp("Where the process starts", valueName: "PATH"))
    var workingDirectory: String?

    @Option(
        name: [.customShort("u"), .customLong("user")], parsing: .unconditional,
        help: ArgumentHelp("Whom it runs as", valueName: "USER[:GROUP]"))
    var user: String?

    @Option(
        name: .customLong("group-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add a group to those of the user", valueName: "GROUP"))
    var groups: [String] = []

    @Option(
        name: .customLong("entrypoint"), parsing: .unconditional,
        help: ArgumentHelp("Replace the program of the image; empty removes it", valueName: "PROGRAM"))
    var entrypoint: String?

    @Flag(name: [.customShort("i"), .customLong("interactive")], help: "Keep standard input open")
    var interactive = false

    @Flag(name: [.customShort("t"), .customLong("tty")], help: "Give it a terminal")
    var terminal = false

    @Option(
        name: [.customShort("a"), .customLong("attach")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Attach to stdin, stdout or stderr", valueName: "STREAM"))
    var attach: [String] = []

    @Flag(name: .customLong("init"), help: "Run a small init process that reaps orphans")
    var initProcess = false

    @Option(
        name: .customLong("stop-signal"), parsing: .unconditional,
        help: ArgumentHelp("The signal that asks it to end", valueName: "SIGNAL"))
    var stopSignal: String?

    @Option(
        name: .customLong("stop-timeout"), parsing: .unconditional,
        help: ArgumentHelp("Seconds to wait for that before it is killed", valueName: "SECONDS"))
    var stopTimeout: Int?
}
