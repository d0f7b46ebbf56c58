internal import ArgumentParser

/// Options that choose how far the container is isolated.
struct IsolationOptions: ParsableArguments {
    @Option(
        name: .customLong("isolation"), parsing: .unconditional,
        help: ArgumentHelp("process, vm, or machine:NAME", valueName: "LEVEL"))
    var isolation: String?

    @Option(
        name: .customLong("machine"), parsing: .unconditional,
        help: ArgumentHelp("Run in this machine: the same as --isolation machine:NAME", valueName: "NAME"))
    var machine: String?

    @Option(
        name: .customLong("runtime"), parsing: .unconditional,
        help: ArgumentHelp(
            "The isolation level under another name, for tools that know only this option", valueName: "NAME"))
    var runtime: String?
}
