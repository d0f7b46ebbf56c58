import Glibc
import Linux
import OCI
import TestKit
import Testing

@Suite("bulkhead-runtime: listeners of filters", .serialized, .blocking, .enabled(if: isSuperuser))
struct RuntimeSeccompListenerTests {
    private func filter(_ path: String) -> RuntimeSeccomp {
        var filter = RuntimeSeccomp.listening(at: path, isKillable: TestedKernel.hasCalls(of: 5, 19))
        filter.listenerMetadata = "words"
        return filter
    }

    /// Waits, for at most ten seconds.
    private func isReadable(_ descriptor: borrowing Descriptor) -> Bool {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 10_000) == 1 && entry.revents & Int16(POLLIN) != 0
    }

    /// Takes the next connection: what it says, and the filter's descriptor.
    private func accept(_ listener: borrowing Descriptor) throws -> (JSONField, Int32) {
        let waits = isReadable(listener)
        try #require(waits)
        guard let connection = try UnixSocket.accept(listener),
            var message = try UnixSocket.receive(upTo: 65536, over: connection)
        else { throw SystemError("accept", code: EAGAIN) }
        let count = message.descriptorCount
        #expect(count == 1)
        guard let descriptor = message.takeDescriptor() else { throw SystemError("take the listener", code: EBADF) }
        // The connection is closed once that is said.
        let isClosed = try UnixSocket.receive(upTo: 10, over: connection)?.bytes.isEmpty
        #expect(isClosed == true)
        return (JSONField(try JSON(parsing: message.bytes)), descriptor.release())
    }

    /// The call waits for the listener; where that goes away without an answer, it is ENOSYS.
    private func expectWaitingCall(_ number: Int32) {
        let descriptor = Descriptor(adopting: number)
        let waits = isReadable(descriptor)
        #expect(waits)
    }

    @Test(arguments: [true, false]) func callsWaitForTheListener(_ noNewPrivileges: Bool) throws {
        try withBundle([]) { bundle throws in
            let path = "\(bundle.resources.directory)/agent"
            let listener = try UnixSocket.listen(path)
            bundle.specification.linux.seccomp = filter(path)
            bundle.specification.process?.arguments = script("mkdir /x/a 2>/x/said; echo done >/x/done; sleep 100")
            bundle.specification.process?.noNewPrivileges = noNewPrivileges
            bundle.specification.process?.user = RuntimeUser(uid: 33, gid: 33)
            let shared = "\(bundle.rootFileSystem)/x"
            try Files.makeDirectories(shared)
            chmod(shared, 0o777)
            mkfifo("\(shared)/done", 0o666)
            // Whatever the mask of the tests.
            chmod("\(shared)/done", 0o666)
            try bundle.whileRunning {
                let (state, number) = try accept(listener)
                #expect(try state.required("fds").strings() == ["seccompFd"])
                #expect(try state.required("metadata").string() == "words")
                #expect(try state.required("state").required("id").string() == bundle.id)
                let said = try JSONField(JSON(parsing: bundle.command(["state", bundle.id]).output))
                let pid: Int32 = try said.required("pid").number()
                #expect(try state.required("pid").number(Int32.self) == pid)
                #expect(try state.required("state").required("pid").number(Int32.self) == pid)
                expectWaitingCall(number)
                #expect(try Files.readText("\(shared)/done") == "done\n")
                #expect(try Files.readText("\(shared)/said").contains("Function not implemented"))
                // exec has a filter, and so a listener, of its own.
                let code = try bundle.exec(["/bin/mkdir", "/x/b"], options: ["--detach"]).code
                #expect(code == 0)
                let (other, second) = try accept(listener)
                #expect(try other.required("pid").number(Int32.self) != pid)
                #expect(try other.required("state").required("pid").number(Int32.self) == pid)
                #expect(try other.required("state").required("status").string() == "running")
                expectWaitingCall(second)
            }
        }
    }

    @Test func nothingConnectsBeforeTheStart() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let path = "\(bundle.resources.directory)/agent"
            let listener = try UnixSocket.listen(path)
            bundle.specification.linux.seccomp = filter(path)
            try bundle.write()
            #expect(try bundle.command(["create", "-b", bundle.directory, bundle.id]).code == 0)
            var entry = pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)
            #expect(poll(&entry, 1, 0) == 0)
            #expect(try bundle.command(["start", bundle.id]).code == 0)
            let (_, number) = try accept(listener)
            close(number)
            #expect(try bundle.command(["delete", "-f", bundle.id]).code == 0)
        }
    }

    @Test func aListenerThatIsNotThereIsNamed() throws {
        try withBundle(["/bin/true"]) { bundle throws in
            let path = "\(bundle.resources.directory)/agent"
            bundle.specification.linux.seccomp = filter(path)
            let missing = try bundle.run()
            #expect(missing.code != 0)
            #expect(missing.error.contains("linux.seccomp.listenerPath: there is no \(path)"), "\(missing.error)")
            try Files.write(path, [])
            let dead = try bundle.run()
            #expect(dead.code != 0)
            #expect(dead.error.contains("linux.seccomp.listenerPath: connect to \(path)"), "\(dead.error)")
        }
    }
}

extension RuntimeSeccomp {
    /// A filter that asks who listens at a socket of each call of mkdir, and waits for the answer unless it is killed.
    static func listening(at path: String, isKillable: Bool) -> RuntimeSeccomp {
        var filter = RuntimeSeccomp(defaultAction: "SCMP_ACT_ALLOW")
        filter.calls = [.init(names: ["mkdir"], action: "SCMP_ACT_NOTIFY")]
        filter.listenerPath = path
        if isKillable { filter.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }
        return filter
    }
}
