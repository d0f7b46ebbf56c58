internal import ArgumentParser

/// Options of being attached to a process.
struct AttachOptions: ParsableArguments {
    @Option(
        name: .customLong("detach-keys"), parsing: .unconditional,
        help: ArgumentHelp("The keys to leave it running with (default: ctrl-p,ctrl-q)", valueName: "keys"))
    var detachKeys: String?

    @Flag(
        name: .customLong("sig-proxy"), inversion: .prefixedNo,
        help: "Pass signals on to a process without a terminal")
    var passSignals = true
}
