public import Linux
public import OCI

/// A container from the moment its first process exists.
///
/// Whoever owns this value is that process's parent, or has adopted the container from its state.
public struct RunningContainer: ~Copyable {
    /// Its name.
    public let id: String
    /// The number of its first process, here.
    public let process: Int32
    /// Names that process; readable once it has ended.
    public let processDescriptor: ProcessDescriptor
    /// The directory that it was made from; empty where there is none.
    public let bundle: String
    /// What it was made from.
    public let specification: RuntimeSpecification
    /// The filter for system calls of its first process.
    public let seccompFilter: [UInt8]?
    /// Its control group.
    public let cgroup: Cgroup
    var streams: ProcessStreams
    var channel: ChildChannel?
    /// Whether its program has been ordered to start before it was set up.
    let isStarted: Bool
    /// The host's interfaces that it has been given, until its program is executed.
    var devices: NetworkDevices?

    /// Adopts a container that somebody else has made: its process is not our child.
    public init(
        adopting id: String, process: Int32, bundle: String = "", specification: RuntimeSpecification,
        seccompFilter: [UInt8]?,
        cgroup: Cgroup
    ) throws(RuntimeError) {
        self.init(
            id: id, process: process,
            processDescriptor: try step("find the container's process") { () throws(SystemError) in
                try ProcessDescriptor(process: process)
            },
            bundle: bundle, specification: specification, seccompFilter: seccompFilter, cgroup: cgroup,
            streams: ProcessStreams(), channel: nil, devices: nil)
    }

    init(
        id: String, process: Int32, processDescriptor: consuming ProcessDescriptor, bundle: String,
        specification: RuntimeSpecification, seccompFilter: [UInt8]?, cgroup: Cgroup,
        streams: consuming ProcessStreams, channel: consuming ChildChannel?, isStarted: Bool = false,
        devices: consuming NetworkDevices?
    ) {
        self.id = id
        self.process = process
        self.processDescriptor = processDescriptor
        self.bundle = bundle
        self.specification = specification
        self.seccompFilter = seccompFilter
        self.cgroup = cgroup
        self.streams = streams
        self.channel = channel
        self.isStarted = isStarted
        self.devices = devices
    }

    /// Our ends of the first process's streams; each can be taken once.
    public mutating func takeStreams() -> ProcessStreams {
        var taken = ProcessStreams()
        swap(&taken, &streams)
        return taken
    }
}

/// Our ends of a process's standard streams.
@frozen public struct ProcessStreams: ~Copyable, Sendable {
    /// What is written here, it reads. Nil with a terminal, /dev/null or descriptors of the caller.
    public var input: Descriptor?
    /// What it writes; with a terminal, the master: reading and writing.
    public var output: Descriptor?
    /// What it writes to standard error; nil with a terminal.
    public var error: Descriptor?

    /// No ends of ours.
    public init() {}
}

/// A further process in a container.
public struct ExecutedProcess: ~Copyable, Sendable {
    /// Its number, here.
    public let process: Int32
    /// Names it; readable once it has ended.
    public let processDescriptor: ProcessDescriptor
    var streams: ProcessStreams

    /// Our ends of its streams; each can be taken once.
    public mutating func takeStreams() -> ProcessStreams {
        var taken = ProcessStreams()
        swap(&taken, &streams)
        return taken
    }
}
