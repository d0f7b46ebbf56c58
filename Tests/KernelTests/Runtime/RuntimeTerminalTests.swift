import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: terminals", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeTerminalTests {
    @Test func masterIsSentToTheConsoleSocket() throws {
        try withBundle(script("tty; stty size; [ -c /dev/console ] && echo console; read line; echo got $line")) {
            bundle throws in
            bundle.specification.process?.terminal = true
            bundle.specification.process?.consoleSize = .init(height: 33, width: 77)
            try bundle.write()
            let path = "\(bundle.resources.directory)/console"
            let listener = try UnixSocket.listen(path)
            let started = try bundle.command(["run", "-d", "--console-socket", path, "-b", bundle.directory, bundle.id])
            #expect(started.code == 0, "\(started.error)")
            guard let connection = try UnixSocket.accept(listener),
                var message = try UnixSocket.receive(upTo: 100, over: connection)
            else {
                Issue.record("nothing has come over the console socket")
                return
            }
            let received = message.takeDescriptor()
            switch received {
            case .some(let master):
                try master.writeAll("hello\n")
                let text = String(decoding: try master.readAll(), as: UTF8.self)
                // The terminal repeats what is typed as soon as it is typed.
                let told = text.split(separator: "\r\n").filter { $0 != "hello" }
                #expect(told == ["/dev/pts/0", "33 77", "console", "got hello"])
            case .none: Issue.record("no descriptor has come over the console socket")
            }
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
        }
    }

    @Test func detachingNeedsAConsoleSocket() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            bundle.specification.process?.terminal = true
            try bundle.write()
            let result = try bundle.command(["run", "-d", "-b", bundle.directory, bundle.id])
            #expect(result.code == 1 && result.error.contains("console socket"))
        }
    }
}
