internal import ArgumentParser

/// Everything that `run` and `create` have in common.
struct CreateOptions: ParsableArguments {
    @OptionGroup(title: "Container") var container: ContainerOptions
    @OptionGroup(title: "Isolation") var isolation: IsolationOptions
    @OptionGroup(title: "Process") var process: ProcessOptions
    @OptionGroup(title: "Resources") var resources: ResourceOptions
    @OptionGroup(title: "Network") var network: NetworkOptions
    @OptionGroup(title: "Mounts") var mounts: MountOptions
    @OptionGroup(title: "Rights") var security: SecurityOptions

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The image, then the command that replaces the image's.", valueName: "image> [<command"))
    var arguments: [String] = []

    /// The options of this group that have no value.
    static let switches: [String: Character?] = [
        "interactive": "i", "tty": "t", "init": nil, "rm": nil, "quiet": "q", "oom-kill-disable": nil,
        "publish-all": "P", "read-only": nil, "privileged": nil,
    ]

    /// The image and the command.
    func imageAndCommand() throws(CommandError) -> (image: String, command: [String]) {
        guard let image = arguments.first else {
            throw .usage("no image given; see bulkhead run --help")
        }
        if image.hasPrefix("-") { throw .usage("unknown option \(image); see bulkhead run --help") }
        return (image, Array(arguments.dropFirst()))
    }
}
