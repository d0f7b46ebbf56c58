internal import ArgumentParser
internal import OCI

/// `bulkhead volume …`
struct VolumeCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volume", abstract: "Make, list and remove volumes.",
        subcommands: [VolumeCreate.self, VolumeList.self, VolumeInspect.self, VolumeRemove.self])
}

/// `bulkhead volume create`
struct VolumeCreate: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a volume.",
        discussion: """
            EXAMPLES:
              bulkhead volume create data
              bulkhead run --rm -v data:/data box touch /data/file
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Option(name: .shortAndLong, parsing: .unconditional, help: "The driver (default: local)") var driver: String?
    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An option of the driver", valueName: "name=value"))
    var opt: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("Set a label", valueName: "name=value"))
    var label: [String] = []
    @Option(name: .customLong("name"), parsing: .unconditional, help: .hidden) var nameOption: String?
    @Argument(help: "Its name; without one it gets a name of random digits.") var name: String?

    func perform(_ client: DaemonClient) throws {
        let body = JSON.object([
            "Name": .string(name ?? nameOption ?? ""), "Driver": .string(driver ?? "local"),
            "DriverOpts": JSON(KeyValue.dictionary(opt)), "Labels": JSON(KeyValue.dictionary(label)),
        ])
        let volume = try client.document(Request(.post, "/volumes/create", body: .json(body.encoded)))
        try StandardStream.output.line(volume["Name"].text)
    }
}

/// `bulkhead volume ls`
struct VolumeList: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List volumes.", aliases: ["list"])
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var list: ListOptions

    func perform(_ client: DaemonClient) throws {
        let answer = try client.document(Request(.get, "/volumes", query: [("filters", try list.filters())]))
        var listing = Listing(
            columns: [.init("DRIVER", "Driver"), .init("VOLUME NAME", "Name")], identifier: "Name")
        listing.rows = answer["Volumes"].elements
            .sorted { $0["Name"].text < $1["Name"].text }
            .map { volume in
                let labels = volume["Labels"].members.map { "\($0.name)=\($0.value.text)" }
                return .object([
                    "Name": volume["Name"], "Driver": volume["Driver"], "Scope": volume["Scope"],
                    "Mountpoint": volume["Mountpoint"], "Labels": .string(labels.joined(separator: ",")),
                    "Links": "N/A", "Size": "N/A", "Availability": "N/A", "Group": "N/A", "Status": "N/A",
                ])
            }
        try listing.show(try list.outputFormat())
    }
}

/// `bulkhead volume inspect`
struct VolumeInspect: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about volumes.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions
    @Argument(help: "Names.") var volumes: [String]

    func perform(_ client: DaemonClient) throws {
        try options.perform(volumes) { name throws(CommandError) in
            try client.perform(Request(.get, "/volumes/\(name)"))
        }
    }
}

/// `bulkhead volume rm`
struct VolumeRemove: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove volumes with what is in them.", aliases: ["remove"])
    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "No error where it is not there") var force = false
    @Argument(help: "Names.") var volumes: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(volumes) { name throws(CommandError) in
            try client.perform(Request(.delete, "/volumes/\(name)", query: [("force", force ? "1" : nil)]))
            try StandardStream.output.line(name)
        }
    }
}
