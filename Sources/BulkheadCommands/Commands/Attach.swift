internal import ArgumentParser
internal import Glibc
internal import Linux
internal import OCI

/// `bulkhead attach`
struct Attach: StartsProcess {
    static let configuration = CommandConfiguration(
        abstract: "Attach to a running container.",
        discussion: """
            EXAMPLES:
              bulkhead attach shell                     ctrl-p ctrl-q leaves it running
              bulkhead attach --no-stdin --sig-proxy=false web
            """)
    static let switches = Switches(names: ["no-stdin": nil, "sig-proxy": nil], onByDefault: ["sig-proxy"])

    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .customLong("no-stdin"), help: "Do not pass standard input on")
    var noInput = false
    @OptionGroup(title: "Attaching") var attaching: AttachOptions
    @Argument(help: "A name or identifier.") var container: String

    func exitCode(for error: CommandError) -> Int32 { error.exitCode }

    func perform(_ client: DaemonClient) throws {
        let document = try client.document(Request(.get, "/containers/\(container)/json"))
        let state = document["State"]
        guard state["Running"].isTrue else {
            throw CommandError.refused(
                status: 409, message: "\(container) is not running; start it with `bulkhead start -a \(container)`")
        }
        guard !state["Paused"].isTrue else {
            throw CommandError.refused(
                status: 409, message: "\(container) is paused; go on with `bulkhead unpause \(container)`")
        }
        let input = !noInput && document["Config"]["OpenStdin"].isTrue
        let terminal = document["Config"]["Tty"].isTrue
        if terminal && input && !Terminal.isTerminal(STDIN_FILENO) {
            throw CommandError.terminal("\(container) has a terminal, and standard input is none; use --no-stdin")
        }
        let attached = AttachedContainer(
            client: client, id: document["Id"].text, terminal: terminal, input: input,
            detachKeys: attaching.detachKeys, passSignals: attaching.passSignals)
        throw ExitCode(try attached.run(waitingFor: "not-running") {})
    }
}
