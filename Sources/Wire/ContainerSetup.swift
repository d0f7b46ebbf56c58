/// Everything that is needed to make one container, wherever it is made.
public struct ContainerSetup: Sendable, Equatable {
    /// The container's identifier, 64 hexadecimal digits.
    public var id: String
    /// The text of the OCI `config.json`. Its `root.path` is ignored in favour of `root`.
    public var specification: String
    /// Where the root filesystem comes from.
    public var root: RootFilesystem
    /// The classic BPF program made by libseccomp (`struct sock_filter` after `struct sock_filter`), or nil for none.
    public var seccompFilter: [UInt8]?
    /// Small files that are written beside the container and bound over these destinations (hosts, resolv.conf).
    public var files: [FileSetup] = []
    /// Whether the container has a standard input at all, and whether it closes when the first attached client leaves.
    public var standardInput: StandardInput = .none
    /// Where the monitor makes the process.
    public var executor: ExecutorKind = .local
    /// The json-file log of the container, or nil for none. Always on the monitor's side.
    public var log: LogSetup?
    /// The file in which the monitor records the exit durably (written, synced, renamed). Always on the monitor's side.
    public var exitRecordPath: String?
    /// Descriptors (as numbered in the monitor) that the container's first process inherits, from 3 on, in this order.
    public var inheritedDescriptors: [Int32] = []

    /// Creates a setup with the defaults above.
    public init(id: String, specification: String, root: RootFilesystem, seccompFilter: [UInt8]? = nil) {
        self.id = id
        self.specification = specification
        self.root = root
        self.seccompFilter = seccompFilter
    }

    /// What becomes of the container's standard input.
    public enum StandardInput: String, Sendable { case none, open, closesAfterFirstClient }

    /// Where the process is made.
    public enum ExecutorKind: Sendable, Equatable {
        /// By the monitor itself, on the host's kernel.
        case local
        /// By the agent of a machine, reached through this unix socket.
        case remote(socket: String)
    }
}

/// Where a container's root filesystem comes from. It is mounted in the container's own mount namespace only,
/// so that no mount of it is ever left behind.
public enum RootFilesystem: Sendable, Equatable {
    /// A directory that is there already.
    case directory(String)
    /// An overlay (upper nil: read-only). `upper` and `work` are created where they are missing.
    /// Lower directories come topmost first. Of a transient one nothing is wanted any more once the container has ended,
    /// be it with its machine or host: it need not reach the disk.
    case overlay(lower: [String], upper: String?, work: String?, isTransient: Bool = false)
}

/// A small file that the container finds at `destination`.
public struct FileSetup: Sendable, Equatable {
    /// The absolute path in the container.
    public var destination: String
    /// What stands in it.
    public var content: String

    /// Creates it.
    public init(destination: String, content: String) {
        self.destination = destination
        self.content = content
    }
}

/// The json-file log: one JSON object a line, as Docker writes it, so that every tool that reads those can read ours.
public struct LogSetup: Sendable, Equatable {
    /// The current file; older ones have `.1`, `.2`, … behind the name.
    public var path: String
    /// Bytes after which a new file is begun, or nil for never.
    public var maximumSize: UInt64?
    /// How many files are kept, the current one included.
    public var maximumFiles: Int = 1

    /// Creates it.
    public init(path: String, maximumSize: UInt64? = nil, maximumFiles: Int = 1) {
        self.path = path
        self.maximumSize = maximumSize
        self.maximumFiles = maximumFiles
    }
}

/// A network interface of a container, configured from inside its namespace just before its program is executed.
public struct InterfaceSetup: Sendable, Equatable {
    /// Its name in the container, `eth0`.
    public var name: String
    /// Its hardware address, `02:42:ac:11:00:02`.
    public var hardwareAddress: String
    /// Addresses with prefix length, `172.17.0.2/16`.
    public var addresses: [String]
    /// The default route's gateway, or nil for none.
    public var gateway: String?
    /// The largest packet, in bytes.
    public var mtu: Int
    /// In a machine that containers share: the interface is one end of a veth pair whose other end joins the guest's
    /// own bridge, and the agent makes it. Nil: the link is there already (put there by the host, or the guest's own).
    public var guestBridge: Bool = false

    /// Creates it.
    public init(
        name: String, hardwareAddress: String, addresses: [String], gateway: String?, mtu: Int,
        guestBridge: Bool = false
    ) {
        self.name = name
        self.hardwareAddress = hardwareAddress
        self.addresses = addresses
        self.gateway = gateway
        self.mtu = mtu
        self.guestBridge = guestBridge
    }
}

/// Which streams an attached client wants.
public struct AttachSetup: Sendable, Equatable {
    /// Whether the client sends standard input.
    public var input: Bool
    /// Whether it wants standard output (with a terminal: everything).
    public var output: Bool
    /// Whether it wants standard error.
    public var error: Bool

    /// Creates it.
    public init(input: Bool, output: Bool, error: Bool) {
        self.input = input
        self.output = output
        self.error = error
    }
}

/// A further process in a running container.
public struct ExecSetup: Sendable, Equatable {
    /// Its name, 64 hexadecimal digits, by which it is signalled and resized.
    public var id: String
    /// The text of an OCI `process` object.
    public var process: String
    /// Which streams are wanted; what is not wanted is /dev/null.
    public var streams: AttachSetup

    /// Creates it.
    public init(id: String, process: String, streams: AttachSetup) {
        self.id = id
        self.process = process
        self.streams = streams
    }
}
