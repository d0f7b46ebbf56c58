internal import ArgumentParser

/// Options of what a container may do.
struct SecurityOptions: ParsableArguments {
    @Flag(name: .customLong("privileged"), help: "Allow nearly everything that the host may do")
    var privileged = false

    @Option(
        name: .customLong("cap-add"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add a capability", valueName: "NAME"))
    var capabilitiesAdded: [String] = []

    @Option(
        name: .customLong("cap-drop"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Take a capability away", valueName: "NAME"))
    var capabilitiesDropped: [String] = []

    @Option(
        name: .customLong("security-opt"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("no-new-privileges, seccomp=unconfined, seccomp=FILE", valueName: "OPTION"))
    var options: [String] = []

    @Option(
        name: .customLong("device"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add a device of the host", valueName: "HOST[:PATH[:rwm]]"))
    var devices: [String] = []

    @Option(
        name: .customLong("device-cgroup-rule"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Allow devices by number", valueName: "RULE"))
    var deviceRules: [String] = []

    @Option(
        name: .customLong("sysctl"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Set a kernel parameter of its namespaces", valueName: "NAME=VALUE"))
    var sysctls: [String] = []

    @Option(
        name: .customLong("ipc"), parsing: .unconditional,
        help: ArgumentHelp("Shared memory with: host, private, shareable, container:NAME", valueName: "MODE"))
    var ipcMode: String?

    @Option(
        name: .customLong("pid"), parsing: .unconditional,
        help: ArgumentHelp("Processes seen: host or container:NAME", valueName: "MODE"))
    var pidMode: String?

    @Option(
        name: .customLong("uts"), parsing: .unconditional,
        help: ArgumentHelp("Host name of: host", valueName: "MODE"))
    var utsMode: String?

    @Option(
        name: .customLong("userns"), parsing: .unconditional,
        help: ArgumentHelp("User namespace: host", valueName: "MODE"))
    var userMode: String?

    @Option(
        name: .customLong("cgroupns"), parsing: .unconditional,
        help: ArgumentHelp("cgroup namespace: host, private", valueName: "MODE"))
    var cgroupMode: String?
}
