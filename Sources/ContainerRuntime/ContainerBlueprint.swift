public import OCI

/// Everything that is needed to make one container.
public struct ContainerBlueprint: Sendable {
    /// Its name: letters, digits, `_`, `.`, `-`, `+`.
    public var id: String
    /// What it is to be. `root.path` counts only where `root` does not say otherwise.
    public var specification: RuntimeSpecification
    /// Where its root filesystem comes from.
    public var root: ContainerRoot
    /// The bundle's directory, for the hooks, which are told of it.
    public var bundle = ""
    /// The classic BPF program for its system calls, or nil for none.
    public var seccompFilter: [UInt8]?
    /// Small files that it finds at these destinations, out of a private file system in memory.
    public var files: [ContainerFile] = []
    /// Descriptors of ours that the first process gets from 3 on, in this order.
    public var inheritedDescriptors: [Int32] = []
    /// Whether it gets a session keyring of its own. Without, it can use the keys in the caller's.
    public var newKeyring = true
    /// A listening socket on which the first process waits for the order to start, instead of the one that comes from
    /// whoever made it: so that another process can give the order.
    public var startSocket: Int32?

    /// Whether the host's root goes away. It does not on the initial RAM disk, which pivot_root(2) refuses: the container's lies
    /// on top of it then, and who may unmount in the container can reach the host's files.
    public var pivots = true

    /// Whether systemd is asked for its control group: `linux.cgroupsPath` is `slice:prefix:name` then.
    public var usesSystemd = false
    /// Whether its maker is not the host's superuser. What only that can have is gone on without then, where the
    /// configuration does not ask for it: a control group; and the list of devices and a lower out-of-memory score always.
    public var isRootless = false

    /// Creates it.
    public init(
        id: String, specification: RuntimeSpecification, root: ContainerRoot, seccompFilter: [UInt8]? = nil
    ) {
        self.id = id
        self.specification = specification
        self.root = root
        self.seccompFilter = seccompFilter
    }

    /// The path of the control group that a container gets, below each hierarchy's root.
    public static func controlGroup(of id: String, _ specification: RuntimeSpecification) -> String {
        specification.linux.cgroupsPath.map { $0.hasPrefix("/") ? $0 : "/\($0)" } ?? "/\(id)"
    }
}

/// Where a root filesystem comes from.
public enum ContainerRoot: Sendable, Equatable {
    /// A directory.
    case directory(String)
    /// An overlay of directories, the topmost first; without `upper` it is read-only. `upper` and `work` are made
    /// where they are missing. It is mounted in the container's own mount namespace only. Of a transient one nothing is
    /// wanted after the container's end: it need not reach the disk, not even where a program asks for that.
    case overlay(lower: [String], upper: String?, work: String?, isTransient: Bool = false)
}

/// A small file of a container.
public struct ContainerFile: Sendable, Equatable {
    /// Where, as an absolute path in the container.
    public var destination: String
    /// What stands in it.
    public var content: String

    /// Creates it.
    public init(destination: String, content: String) {
        self.destination = destination
        self.content = content
    }
}

/// What a process gets as its standard streams.
public enum StandardStreams: Sendable, Equatable {
    /// A terminal: the master side comes as the output.
    case terminal
    /// Pipes; without `input` it reads from /dev/null.
    case pipes(input: Bool)
    /// These descriptors of ours.
    case descriptors(input: Int32, output: Int32, error: Int32)
    /// /dev/null, all three.
    case none
}

/// A network interface, configured from inside the container's namespace just before its program is executed.
public struct InterfaceConfiguration: Sendable, Equatable {
    /// Its name, `eth0`.
    public var name: String
    /// Its hardware address, `02:42:ac:11:00:02`, or nil to leave it.
    public var hardwareAddress: String?
    /// Addresses with prefix length, `172.17.0.2/16`.
    public var addresses: [String]
    /// The default route's gateway, or nil for none.
    public var gateway: String?
    /// The largest packet in bytes, or nil to leave it.
    public var mtu: Int?

    /// Creates it.
    public init(name: String, hardwareAddress: String?, addresses: [String], gateway: String?, mtu: Int?) {
        self.name = name
        self.hardwareAddress = hardwareAddress
        self.addresses = addresses
        self.gateway = gateway
        self.mtu = mtu
    }
}
