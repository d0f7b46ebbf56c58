/// A named place for data that outlives containers.
public struct VolumeRecord: Sendable, Equatable, Codable {
    /// Its name; 64 hexadecimal digits where none was given.
    public var name: String
    /// Where its files are on the host.
    public var mountpoint: String
    /// When it was created, in nanoseconds since 1970.
    public var created: Int64
    /// The client's labels.
    public var labels: [String: String]
    /// The client's driver options.
    public var options: [String: String]
    /// Whether it was made for one container without a name.
    public var anonymous: Bool
    /// Whether a container has been started with it, after which nothing is copied into it any more.
    public var filled: Bool
}

/// One of the networks: the default bridge, the host's, or none.
public struct NetworkRecord: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public var id: String
    /// `bridge`, `host`, `none`.
    public var name: String
    /// `bridge`, `host`, `null`.
    public var driver: String
    /// `172.17.0.0/16`; nil where there is none.
    public var subnet: String?
    /// The bridge's own address.
    public var gateway: String?
    /// The bridge's interface on the host.
    public var interface: String?
    /// The largest packet, in bytes.
    public var mtu: Int
    /// When it was made, in nanoseconds since 1970.
    public var created: Int64
    /// Who is in it: endpoints by the container's identifier.
    public var endpoints: [String: EndpointRecord]
}

/// What the engine says of itself and of its host.
public struct SystemReport: Sendable {
    /// This installation's own identifier.
    public var id: String
    /// How many containers there are: the sum of the next three.
    public var containers = 0
    /// How many run, or wait to be started again by their restart policy.
    public var running = 0
    /// How many are paused.
    public var paused = 0
    /// How many are in any other state: created, ended, …
    public var stopped = 0
    /// How many images there are.
    public var images = 0
    /// Where data is kept.
    public var root: String
    /// The host's name.
    public var hostname = ""
    /// The release of the host's kernel, as `uname -r` prints it.
    public var kernel = ""
    /// The distribution (os-release's PRETTY_NAME); `Linux` where it isn't said.
    public var operatingSystem = ""
    /// The distribution's version (VERSION_ID); empty where it isn't said.
    public var operatingSystemVersion = ""
    /// The machine, as `uname -m` prints it: `x86_64`.
    public var architecture = ""
    /// How many processors the host has, also those that are offline.
    public var processors = 0
    /// The host's memory in bytes.
    public var memory: UInt64 = 0
    /// `1` (also hybrid) or `2`.
    public var cgroupVersion = "1"
    /// Which limits the kernel can hold containers to.
    public var limits = LimitFacts()
    /// Whether the kernel passes packets on between interfaces.
    public var forwardsPackets = false
    /// The file system that the data is on, as Docker names it.
    public var backingFileSystem = ""
    /// The hypervisor that machines use, or why there is none.
    public var hypervisor = ""
    /// Subscribers of events.
    public var eventListeners = 0
    /// Of the engine.
    public var version = ""
    /// What a user should know of this host's limits.
    public var warnings: [String] = []
}

/// A named virtual machine that containers share.
public struct MachineSpecification: Sendable, Equatable, Codable {
    /// Its name.
    public var name: String
    /// Virtual processors.
    public var processors: Int
    /// Bytes of memory.
    public var memory: UInt64

    /// Creates it.
    public init(name: String, processors: Int = 1, memory: UInt64 = 512 << 20) {
        self.name = name
        self.processors = processors
        self.memory = memory
    }
}

/// A machine as the engine knows it.
public struct MachineRecord: Sendable, Equatable, Codable {
    /// Where it is in its life.
    public enum State: Sendable, Equatable, Codable {
        case created
        case starting
        case running(process: Int32, startedAt: Int64, kernel: String)
        /// Ended, and why where it was not asked to.
        case stopped(reason: String)
    }
    /// 64 hexadecimal digits.
    public let id: String
    /// What was asked for.
    public let specification: MachineSpecification
    /// When it was created, in nanoseconds since 1970.
    public let created: Int64
    /// Where it is in its life.
    public var state: State
    /// Its hypervisor: `qemu`.
    public var hypervisor: String
    /// Its place on the bridge while it runs.
    public var endpoint: EndpointRecord?
    /// The identifiers of the containers that run in it; filled in when it is asked for.
    public var containers: [String] = []
}
