import Glibc
import Linux
import OCI
import TestKit
import Testing

/// `run` and `exec` without --detach: what happens to them happens to the program.
@Suite("bulkhead-runtime: in the foreground", .serialized, .blocking, .enabled(if: isSuperuser))
struct ForegroundTests {
    private static let signals: [(name: String, number: Int32)] = [
        ("HUP", SIGHUP), ("INT", SIGINT), ("QUIT", SIGQUIT), ("TERM", SIGTERM), ("USR1", SIGUSR1), ("USR2", SIGUSR2),
        ("ALRM", SIGALRM), ("TSTP", SIGTSTP), ("CONT", SIGCONT),
    ]

    /// Ends with 7 at the signal, and says so.
    private func trap(_ name: String) -> [String] {
        script("trap 'echo got \(name); kill $!; exit 7' \(name); sleep 100 & echo ready; while :; do wait; done")
    }

    @Test(arguments: signals) func runPassesSignalsOn(_ signal: (name: String, number: Int32)) throws {
        try withBundle(trap(signal.name)) { bundle throws in
            try bundle.write()
            var command = try StartedCommand.start(bundle, ["run", "-b", bundle.directory, bundle.id])
            try command.waitForLine("ready")
            try command.process.signal(signal.number)
            let (code, output) = try command.end()
            #expect(code == 7 && output == "ready\ngot \(signal.name)\n")
            try expectNothing(bundle)
        }
    }

    @Test(arguments: signals) func execPassesSignalsOn(_ signal: (name: String, number: Int32)) throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                var command = try StartedCommand.start(bundle, ["exec", bundle.id] + trap(signal.name))
                try command.waitForLine("ready")
                try command.process.signal(signal.number)
                let (code, output) = try command.end()
                #expect(code == 7 && output == "ready\ngot \(signal.name)\n")
            }
        }
    }

    /// A terminal of the test's, with a window of 20 by 60.
    private func makeTerminal() throws -> PseudoTerminal {
        let terminal = try PseudoTerminal()
        try Terminal.resize(terminal.master.rawValue, rows: 20, columns: 60)
        return terminal
    }

    private let sizes = script(
        "trap 'stty size; kill $!; exit 3' WINCH; stty size; sleep 100 & echo ready; while :; do wait; done")

    @Test func runTellsOfTheWindow() throws {
        try withBundle(sizes) { bundle throws in
            bundle.specification.process?.terminal = true
            try bundle.write()
            let terminal = try makeTerminal()
            let peer = try terminal.openPeer().release()
            defer { close(peer) }
            var command = try StartedCommand.start(bundle, ["run", "-b", bundle.directory, bundle.id], terminal: peer)
            #expect(try command.waitForLine("ready") == "20 60\r\nready\r\n")
            try Terminal.resize(terminal.master.rawValue, rows: 33, columns: 77)
            try command.process.signal(SIGWINCH)
            let (code, output) = try command.end()
            #expect(code == 3 && output == "20 60\r\nready\r\n33 77\r\n")
        }
    }

    @Test func execTellsOfTheWindow() throws {
        try withBundle(["/bin/sleep", "100"]) { bundle throws in
            try bundle.whileRunning { () throws in
                let terminal = try makeTerminal()
                let peer = try terminal.openPeer().release()
                defer { close(peer) }
                var command = try StartedCommand.start(bundle, ["exec", "-t", bundle.id] + sizes, terminal: peer)
                #expect(try command.waitForLine("ready") == "20 60\r\nready\r\n")
                try Terminal.resize(terminal.master.rawValue, rows: 33, columns: 77)
                try command.process.signal(SIGWINCH)
                let (code, output) = try command.end()
                #expect(code == 3 && output == "20 60\r\nready\r\n33 77\r\n")
            }
        }
    }

    /// What is typed reaches the program, and the terminal is as it was afterwards.
    @Test func theTerminalIsRawMeanwhile() throws {
        try withBundle(script("echo ready; read line; echo got $line")) { bundle throws in
            bundle.specification.process?.terminal = true
            try bundle.write()
            let terminal = try makeTerminal()
            let peer = try terminal.openPeer().release()
            defer { close(peer) }
            var (before, during, after) = (termios(), termios(), termios())
            tcgetattr(peer, &before)
            var command = try StartedCommand.start(bundle, ["run", "-b", bundle.directory, bundle.id], terminal: peer)
            try command.waitForLine("ready")
            tcgetattr(peer, &during)
            try terminal.master.writeAll("word\n")
            let (code, output) = try command.end()
            tcgetattr(peer, &after)
            #expect(code == 0 && output.hasSuffix("got word\r\n"), "\(output)")
            #expect(during.c_lflag & UInt32(ECHO | ICANON | ISIG) == 0)
            #expect(after.c_lflag == before.c_lflag && after.c_oflag == before.c_oflag)
        }
    }
}
