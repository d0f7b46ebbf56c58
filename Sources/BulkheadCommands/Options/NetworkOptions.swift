internal import ArgumentParser

/// Options of the network.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: [.customLong("network"), .customLong("net")], parsing: .unconditional,
        help: ArgumentHelp("bridge, none, host, or container:NAME", valueName: "NETWORK"))
    var network: String?

    @Option(
        name: [.customShort("p"), .customLong("publish")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Publish a port on the host", valueName: "[[IP:]HOST:]PORT[/PROTOCOL]"))
    var publish: [String] = []

    @Flag(
        name: [.customShort("P"), .customLong("publish-all")],
        help: "Publish every exposed port on a free port of the host")
    var publishAll = false

    @Option(
        name: .customLong("expose"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Say that the application listens on a port", valueName: "PORT[/PROTOCOL]"))
    var expose: [String] = []

    @Option(
        name: [.customShort("h"), .customLong("hostname")], parsing: .unconditional,
        help: ArgumentHelp("The host name inside", valueName: "NAME"))
    var hostname: String?

    @Option(
        name: .customLong("domainname"), parsing: .unconditional,
        help: ArgumentHelp("The NIS domain name inside", valueName: "NAME"))
    var domainname: String?

    @Option(
        name: .customLong("add-host"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add a line to /etc/hosts", valueName: "NAME:ADDRESS"))
    var hosts: [String] = []

    @Option(
        name: .customLong("dns"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Use this name server", valueName: "ADDRESS"))
    var nameServers: [String] = []

    @Option(
        name: .customLong("dns-search"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Complete names with this domain", valueName: "DOMAIN"))
    var searchDomains: [String] = []

    @Option(
        name: [.customLong("dns-option"), .customLong("dns-opt")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add an option to resolv.conf", valueName: "OPTION"))
    var resolverOptions: [String] = []

    @Option(
        name: [.customLong("network-alias"), .customLong("net-alias")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A further name in the network", valueName: "NAME"))
    var aliases: [String] = []

    @Option(
        name: .customLong("mac-address"), parsing: .unconditional,
        help: ArgumentHelp("The hardware address", valueName: "ADDRESS"))
    var hardwareAddress: String?
}
