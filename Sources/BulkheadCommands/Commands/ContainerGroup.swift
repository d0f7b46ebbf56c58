internal import ArgumentParser

/// `bulkhead container …`: the same commands under Docker's longer names.
struct ContainerCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container", abstract: "The commands for containers, also as `container ls` and so on.",
        subcommands: [
            List.self, Run.self, Create.self, Start.self, Stop.self, Restart.self, Kill.self, Remove.self,
            Rename.self, Logs.self, Attach.self, Exec.self, Inspect.self, Wait.self, Pause.self, Unpause.self,
            Top.self, Stats.self,
        ])
}

/// `bulkhead image …`
struct ImageCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "The commands for images, also as `image ls` and so on.",
        subcommands: [ImageList.self, Load.self, Import.self, Tag.self, ImageRemove.self, ImageInspect.self])
}

/// `bulkhead image ls`
struct ImageList: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List images.", aliases: ["list"])
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ImageListOptions

    func perform(_ client: DaemonClient) throws { try options.perform(client) }
}

/// `bulkhead image rm`
struct ImageRemove: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Remove images, or their names.", aliases: ["remove"])
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ImageRemovalOptions

    func perform(_ client: DaemonClient) throws { try options.perform(client) }
}

/// `bulkhead image inspect`
struct ImageInspect: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show everything about images.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions
    @Argument(help: "Names or identifiers.") var images: [String]

    func perform(_ client: DaemonClient) throws {
        try options.perform(images) { name throws(CommandError) in
            try client.perform(Request(.get, "/images/\(name)/json"))
        }
    }
}
