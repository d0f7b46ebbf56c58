internal import ArgumentParser
internal import DockerModels
internal import Glibc
internal import Linux

/// `bulkhead run`
struct Run: StartsProcess {
    static let configuration = CommandConfiguration(
        abstract: "Make a container and start it.",
        usage: "bulkhead run [<options>] <image> [<command> ...]",
        discussion: """
            Exits with the code of the container; with 125 where it could not be made, 126 where its command can't be \
            executed, 127 where its command is not there.

            EXAMPLES:
              bulkhead run --rm box echo hello
              bulkhead run -it --rm box sh
              bulkhead run -d --name web -p 8080:80 -v site:/srv box httpd -f -h /srv
              bulkhead run --rm --isolation vm --memory 256m --cpus 2 box uname -a
              bulkhead run --rm --machine lab box ps
            """,
        helpNames: .long)
    static let switches = Switches(
        names: CreateOptions.switches.merging(["detach": "d", "sig-proxy": nil]) { $1 }, onByDefault: ["sig-proxy"])

    @ParentCommand var bulkhead: Bulkhead

    @Flag(name: [.customShort("d"), .customLong("detach")], help: "Run in the background and print the identifier")
    var detach = false

    @OptionGroup(title: "Attaching") var attaching: AttachOptions
    @OptionGroup var options: CreateOptions

    func perform(_ client: DaemonClient) throws {
        var creation = try options.creation(environment: Environment.value, directory: Environment.directory)
        if detach {
            guard options.process.attach.isEmpty else { throw CommandError.usage("-a and -d contradict each other") }
            creation.config.attachStdin = false
            creation.config.attachStdout = false
            creation.config.attachStderr = false
            creation.config.stdinOnce = false
        }
        let input = creation.config.attachStdin ?? false
        let terminal = creation.config.tty ?? false
        if terminal && input && !Terminal.isTerminal(STDIN_FILENO) {
            throw CommandError.terminal("-t needs a terminal, and standard input is none; leave -t out")
        }
        if terminal, let size = Window.size { creation.hostConfig?.consoleSize = [size.rows, size.columns] }
        let id = try options.create(creation, client)
        let start = Request(.post, "/containers/\(id)/start")
        if detach {
            try client.perform(start)
            return try StandardStream.output.line(id)
        }
        let container = AttachedContainer(
            client: client, id: id, terminal: terminal, input: input,
            output: creation.config.attachStdout ?? false, error: creation.config.attachStderr ?? false,
            detachKeys: attaching.detachKeys, passSignals: attaching.passSignals)
        let condition = options.container.remove ? "removed" : "next-exit"
        let code = try container.run(waitingFor: condition) { () throws(CommandError) in
            try client.perform(start)
        }
        throw ExitCode(code)
    }
}
