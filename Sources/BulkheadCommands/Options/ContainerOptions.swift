internal import ArgumentParser

/// Options of the container as a whole.
struct ContainerOptions: ParsableArguments {
    @Option(
        name: .customLong("name"), parsing: .unconditional,
        help: ArgumentHelp("The name of the container", valueName: "NAME"))
    var name: String?

    @Flag(name: .customLong("rm"), help: "Remove the container when it ends")
    var remove = false

    @Option(
        name: .customLong("restart"), parsing: .unconditional,
        help: ArgumentHelp("When to start it again: no, always, unless-stopped, on-failure[:N]", valueName: "POLICY"))
    var restart: String?

    @Option(
        name: [.customShort("l"), .customLong("label")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a label", valueName: "NAME=VALUE"))
    var labels: [String] = []

    @Option(
        name: .customLong("label-file"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Read labels from a file", valueName: "FILE"))
    var labelFiles: [String] = []

    @Option(
        name: .customLong("annotation"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add an annotation of the OCI configuration", valueName: "NAME=VALUE"))
    var annotations: [String] = []

    @Option(
        name: .customLong("log-driver"), parsing: .unconditional,
        help: ArgumentHelp("How output is kept: json-file, none", valueName: "DRIVER"))
    var logDriver: String?

    @Option(
        name: .customLong("log-opt"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An option of the log driver, as max-size=10m", valueName: "NAME=VALUE"))
    var logOptions: [String] = []

    @Option(
        name: .customLong("cidfile"), parsing: .unconditional,
        help: ArgumentHelp("Write the id of the container to a file", valueName: "FILE"))
    var identifierFile: String?

    @Option(
        name: .customLong("pull"), parsing: .unconditional,
        help: ArgumentHelp("Accepted for scripts: always, missing, never", valueName: "POLICY"))
    var pull: String?

    @Option(
        name: .customLong("platform"), parsing: .unconditional,
        help: ArgumentHelp("The platform of the image, as linux/amd64", valueName: "OS/ARCH"))
    var platform: String?

    @Flag(name: [.customShort("q"), .customLong("quiet")], help: "Suppress the output of pulling")
    var quiet = false
}
