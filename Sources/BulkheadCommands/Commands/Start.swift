internal import ArgumentParser
internal import OCI

/// `bulkhead start`
struct Start: StartsProcess {
    static let configuration = CommandConfiguration(
        abstract: "Start containers.",
        discussion: """
            EXAMPLES:
              bulkhead start db web
              bulkhead start -ai shell
            """)
    static let switches = Switches(
        names: ["attach": "a", "interactive": "i", "sig-proxy": nil], onByDefault: ["sig-proxy"])

    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Attach to its output, pass signals on, and exit with its code")
    var attach = false
    @Flag(name: .shortAndLong, help: "Attach to its standard input too")
    var interactive = false
    @OptionGroup(title: "Attaching") var attaching: AttachOptions
    @Argument(help: "Names or identifiers.") var containers: [String]

    func exitCode(for error: CommandError) -> Int32 { attach || interactive ? error.startExitCode : error.exitCode }

    func perform(_ client: DaemonClient) throws {
        guard attach || interactive else {
            return try client.forEach(containers) { name throws(CommandError) in
                try client.perform(Request(.post, "/containers/\(name)/start"))
                try StandardStream.output.line(name)
            }
        }
        guard containers.count == 1, let name = containers.first else {
            throw CommandError.usage("only one container can be started and attached to at once")
        }
        let document = try client.document(Request(.get, "/containers/\(name)/json"))
        let config = document["Config"]
        let container = AttachedContainer(
            client: client, id: document["Id"].text, terminal: config["Tty"].isTrue,
            input: interactive && config["OpenStdin"].isTrue, detachKeys: attaching.detachKeys,
            passSignals: attaching.passSignals)
        let removed = document["HostConfig"]["AutoRemove"].isTrue
        let code = try container.run(waitingFor: removed ? "removed" : "next-exit") { () throws(CommandError) in
            try client.perform(Request(.post, "/containers/\(name)/start"))
        }
        throw ExitCode(code)
    }
}
