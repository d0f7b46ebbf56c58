internal import Glibc
internal import Linux
internal import OCI

/// The way to whoever decides on system calls with `SCMP_ACT_NOTIFY` (config-linux.md, "The Container Process State").
///
/// It is found while the host's files can be seen, and used once the process is what it is to be: an agent serves one
/// connection after the other, so none is kept open until the container is started.
struct SeccompListener: ~Copyable {
    /// Where it is and what it is to be told.
    struct Address: Sendable {
        let path: String
        let metadata: String?
        let state: RuntimeState

        /// Nil where the filter decides on every call.
        init?(_ filter: RuntimeSeccomp?, _ state: RuntimeState) throws(RuntimeError) {
            guard let filter, filter.notifies else { return nil }
            guard let path = filter.listenerPath, path.hasPrefix("/") else {
                throw .invalid("linux.seccomp.listenerPath: must be an absolute path where SCMP_ACT_NOTIFY is used")
            }
            guard Files.exists(path) else { throw .invalid("linux.seccomp.listenerPath: there is no \(path)") }
            self.path = path
            metadata = filter.listenerMetadata
            self.state = state
        }

        /// What goes with the listener's descriptor; `process`: whose filter it is, as the host sees it.
        fileprivate func message(for process: Int32) -> [UInt8] {
            var state = state
            if state.process == 0 { state.process = process }
            return JSON.members([
                "ociVersion": .string(state.version), "fds": ["seccompFd"], "pid": JSON(process),
                "metadata": metadata.map { .string($0) }, "state": state.json,
            ]).encoded
        }
    }

    fileprivate let address: Address
    /// The socket's directory, for the path means something else once the root is another one.
    private let directory: Descriptor
    /// This process, as the host sees it.
    private let process: Int32

    private init(_ address: Address, _ directory: consuming Descriptor, _ process: Int32) {
        self.address = address
        self.directory = directory
        self.process = process
    }

    /// Nil where there is nobody to be told.
    static func find(_ address: Address?) throws(RuntimeError) -> SeccompListener? {
        guard let address else { return nil }
        let directory = try step("linux.seccomp.listenerPath: find \(address.path)") { () throws(SystemError) in
            try Descriptor.open(Files.parent(of: address.path), [.path, .directory])
        }
        // getpid would tell the number in the container's own namespace.
        let process = try step("find the process's number") { () throws(SystemError) in
            let text = try Files.readText("/proc/self/stat")
            guard let number = Int32(text.prefix { $0 != " " }) else {
                throw SystemError("read the number in", "/proc/self/stat", code: EINVAL)
            }
            return number
        }
        return SeccompListener(address, directory, process)
    }

    /// A connection, with a descriptor from `lowest` on. The working directory is what it was afterwards.
    func connect(atLeast lowest: Int32) throws(RuntimeError) -> Descriptor {
        let name = String(address.path.split(separator: "/").last ?? "")
        return try step("linux.seccomp.listenerPath: connect to \(address.path)") { () throws(SystemError) in
            let current = try Descriptor.open(".", [.path, .directory])
            try Program.changeDirectory(to: directory)
            // Where this fails the process ends, wherever it is.
            let connection = try UnixSocket.connect(name)
            try Program.changeDirectory(to: current)
            return try Descriptor.duplicating(connection.rawValue, atLeast: lowest)
        }
    }

    fileprivate var message: [UInt8] { address.message(for: process) }
}

/// A connection to a listener, ready to hand over a filter's descriptor.
struct SeccompConnection: ~Copyable {
    private let socket: Descriptor
    private let address: SeccompListener.Address
    private var message: [UInt8]

    /// The descriptor's number.
    var number: Int32 { socket.rawValue }

    init(_ listener: borrowing SeccompListener, inherited: Int) throws(RuntimeError) {
        socket = try listener.connect(atLeast: 3 + Int32(truncatingIfNeeded: inherited))
        address = listener.address
        message = listener.message
    }

    /// The filter will be that of another process than the one that has made the connection.
    mutating func speak(for process: Int32) { message = address.message(for: process) }

    /// Hands it over. The process has its filter already: no call but sendmsg is made, unless the text is very long.
    func send(_ listener: borrowing Descriptor) throws(SystemError) {
        var sent = try UnixSocket.send(message, descriptors: [listener.rawValue], over: socket)
        while sent < message.count { sent += try UnixSocket.send(Array(message[sent...]), over: socket) }
    }
}
