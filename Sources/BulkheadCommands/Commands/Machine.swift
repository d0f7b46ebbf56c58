internal import ArgumentParser
internal import DockerModels
internal import OCI

/// `bulkhead machine …`
struct MachineCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Make, run and remove virtual machines that containers share.",
        discussion: """
            EXAMPLES:
              bulkhead machine create --cpus 2 --memory 1g lab
              bulkhead machine start lab
              bulkhead run --rm --machine lab box uname -r
              bulkhead machine exec lab ps
              bulkhead machine stop lab
            """,
        subcommands: [
            MachineCreate.self, MachineList.self, MachineInspect.self, MachineStart.self, MachineStop.self,
            MachineRemove.self, MachineExec.self, MachineConsole.self,
        ])
}

/// `bulkhead machine create`
struct MachineCreate: DaemonCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a machine.")
    @ParentCommand var bulkhead: Bulkhead
    @Option(parsing: .unconditional, help: "Virtual processors (default: 1)") var cpus: Int?
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Memory (default: 512m)", valueName: "bytes"))
    var memory: String?
    @Argument(help: "Its name.") var name: String

    func perform(_ client: DaemonClient) throws {
        if let cpus, cpus < 1 { throw CommandError.usage("--cpus must be at least 1") }
        let memory = try ByteSize.parse(memory, option: "--memory")
        let body = try DockerJSON.encode(
            MachineCreation(name: name, cpus: cpus, memory: memory.map { UInt64(clamping: $0) }))
        try client.perform(Request(.post, "/bulkhead/machines/create", body: .json(body)))
        try StandardStream.output.line(name)
    }
}

/// `bulkhead machine ls`
struct MachineList: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List machines.", aliases: ["list"])
    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Show the names only") var quiet = false
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("table, json, or a template such as '{{.Name}} {{.Status}}'", valueName: "format"))
    var format: String?

    func perform(_ client: DaemonClient) throws {
        let machines: [MachineDescription] = try client.value(Request(.get, "/bulkhead/machines"))
        var listing = Listing(
            columns: [
                .init("NAME", "Name"), .init("STATUS", "Status"), .init("CPUS", "CPUs"), .init("MEMORY", "Memory"),
                .init("CONTAINERS", "Containers"), .init("CREATED", "RunningFor"),
            ], identifier: "Name")
        listing.rows = machines.map { machine in
            let created = machine.created.flatMap { Amounts.parse(timestamp: $0) }
            return .object([
                "ID": .string(String(machine.id.prefix(12))), "Name": .string(machine.name),
                "Status": .string(machine.status), "CPUs": .string(String(machine.cpus)),
                "Memory": .string(Amounts.binarySize(Double(machine.memory))),
                "Containers": .string(String(machine.containers?.count ?? 0)),
                "Kernel": .string(machine.kernel ?? ""), "Hypervisor": .string(machine.hypervisor ?? ""),
                "Error": .string(machine.error ?? ""), "CreatedAt": .string(machine.created ?? ""),
                "RunningFor": .string(
                    created.map { Amounts.duration(seconds: Amounts.now - $0) + " ago" } ?? "N/A"),
            ])
        }
        try listing.show(try OutputFormat(format: format, quiet: quiet))
    }
}

/// `bulkhead machine inspect`
struct MachineInspect: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about machines.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions
    @Argument(help: "Names.") var machines: [String]

    func perform(_ client: DaemonClient) throws {
        try options.perform(machines) { name throws(CommandError) in
            try client.perform(Request(.get, "/bulkhead/machines/\(name)/json"))
        }
    }
}

/// `bulkhead machine start`
struct MachineStart: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start machines, and wait until they take containers.")
    @ParentCommand var bulkhead: Bulkhead
    @Argument(help: "Names.") var machines: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(machines) { name throws(CommandError) in
            try client.perform(Request(.post, "/bulkhead/machines/\(name)/start"))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead machine stop`
struct MachineStop: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop machines with the containers in them.")
    @ParentCommand var bulkhead: Bulkhead
    @Option(
        name: [.customShort("t"), .customLong("timeout"), .customLong("time")], parsing: .unconditional,
        help: ArgumentHelp("Seconds to wait before it is turned off", valueName: "seconds"))
    var timeout: Int?
    @Argument(help: "Names.") var machines: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(machines) { name throws(CommandError) in
            try client.perform(
                Request(.post, "/bulkhead/machines/\(name)/stop", query: [("t", timeout.map { "\($0)" })]))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead machine rm`
struct MachineRemove: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove machines with their disks.", aliases: ["remove"])
    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Stop it first where it runs, and remove the containers in it") var force = false
    @Argument(help: "Names.") var machines: [String]

    func perform(_ client: DaemonClient) throws {
        try client.forEach(machines) { name throws(CommandError) in
            try client.perform(
                Request(.delete, "/bulkhead/machines/\(name)", query: [("force", force ? "1" : nil)]))
            try StandardStream.output.line(name)
        }
    }
}

/// `bulkhead machine exec`
struct MachineExec: StartsProcess {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command in a running machine, beside its containers.",
        usage: "bulkhead machine exec [<options>] <machine> <command> ...",
        discussion: """
            EXAMPLES:
              bulkhead machine exec lab ps
              bulkhead machine exec -it lab sh
            """)
    static let switches = Switches(names: ExecOptions.switches)

    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ExecOptions

    func perform(_ client: DaemonClient) throws {
        let (name, _) = try options.targetAndCommand(of: "machine")
        throw ExitCode(try options.run(client, creating: "/bulkhead/machines/\(name)/exec"))
    }
}

/// `bulkhead machine console`
struct MachineConsole: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "console", abstract: "Show what a machine has written to its console.",
        discussion: """
            EXAMPLES:
              bulkhead machine console lab
              bulkhead machine console -f lab
            """)
    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Go on with what it writes until it stops") var follow = false
    @Argument(help: "Its name.") var machine: String

    func perform(_ client: DaemonClient) throws {
        let stream = try client.stream(
            Request(.get, "/bulkhead/machines/\(machine)/console", query: [("follow", follow ? "1" : nil)]))
        var demultiplexer = StreamDemultiplexer()
        while let bytes = try stream.next() {
            guard stream.isMultiplexed else {
                try StandardStream.output.write(bytes)
                continue
            }
            for piece in try demultiplexer.feed(bytes) { try StandardStream.output.write(piece.bytes) }
        }
    }
}
