internal import ArgumentParser
internal import DockerModels
internal import Glibc
internal import OCI

/// A container that this command is attached to, from before its start until its end.
struct AttachedContainer {
    let client: DaemonClient
    let id: String
    var terminal = false
    var input = false
    var output = true
    var error = true
    var detachKeys: String?
    var passSignals = true

    /// Attaches and, when `start` has been called, shows what the container says until it ends.
    ///
    /// - Returns: the exit code of the container, or 0 after the detach keys.
    func run(waitingFor condition: String, start: () throws(CommandError) -> Void) throws(CommandError) -> Int32 {
        let keys = try detachKeys.map { text throws(CommandError) in try DetachKeys(text) } ?? .standard
        let stream = try client.hijack(
            Request(
                .post, "/containers/\(id)/attach",
                query: [
                    ("stream", "1"), ("stdin", input ? "1" : nil), ("stdout", output ? "1" : nil),
                    ("stderr", error ? "1" : nil), ("detachKeys", detachKeys),
                ]))
        let waiting = try client.stream(Request(.post, "/containers/\(id)/wait", query: [("condition", condition)]))
        var options = AttachedSession.Options(terminal: terminal, input: input)
        if terminal {
            options.detachKeys = keys
            options.resize = { resize() }
        } else if passSignals {
            // A container that has just ended can't take the signal: its end is being reported anyway.
            options.forward = { signal in
                _ = try? client.perform(Request(.post, "/containers/\(id)/kill", query: [("signal", "\(signal)")]))
            }
        }
        let session = try AttachedSession(stream, options, waiting: waiting)
        try session.watchSignals()
        try start()
        if terminal { resize() }
        switch try session.run() {
        case .finished: return try AttachedContainer.exitCode(waiting)
        case .detached:
            try StandardStream.error.line("read escape sequence")
            return 0
        case .interrupted(let signal): return 128 + signal
        }
    }

    /// The exit code that a wait reports.
    static func exitCode(_ waiting: ResponseStream) throws(CommandError) -> Int32 {
        guard let document = try waiting.document() else {
            throw .connection(doing: "wait for the container", reason: "the daemon has not said how it ended")
        }
        let failure = document["Error"]["Message"].text
        if !failure.isEmpty { StandardStream.complain(failure) }
        return Int32(truncatingIfNeeded: document["StatusCode"].number)
    }

    private func resize() {
        guard let size = Window.size else { return }
        // A window of the wrong size is no reason to end.
        _ = try? client.perform(
            Request(
                .post, "/containers/\(id)/resize", query: [("h", "\(size.rows)"), ("w", "\(size.columns)")]))
    }
}
