internal import ArgumentParser

/// Options of the file system.
struct MountOptions: ParsableArguments {
    @Option(
        name: [.customShort("v"), .customLong("volume")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Mount a volume or a directory of the host", valueName: "[SOURCE:]TARGET[:OPTIONS]"))
    var volumes: [String] = []

    @Option(
        name: .customLong("mount"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Mount, in the long form type=bind,source=…,target=…", valueName: "FIELDS"))
    var mounts: [String] = []

    @Option(
        name: .customLong("tmpfs"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Mount memory", valueName: "TARGET[:OPTIONS]"))
    var tmpfs: [String] = []

    @Option(
        name: .customLong("volumes-from"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Mount the volumes of another container", valueName: "CONTAINER"))
    var volumesFrom: [String] = []

    @Option(
        name: .customLong("volume-driver"), parsing: .unconditional,
        help: ArgumentHelp("The driver of new volumes", valueName: "DRIVER"))
    var volumeDriver: String?

    @Flag(name: .customLong("read-only"), help: "Mount the root file system read-only")
    var readOnly = false
}
