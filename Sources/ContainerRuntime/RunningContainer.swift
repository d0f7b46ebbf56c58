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
    /// What it was made from.
    public let specification: RuntimeSpecification
    /// Its control group.
    public let cgroup: Cgroup
    var streams: ProcessStreams
    var channel: Descriptor?
}

/// Our ends of a process's standard streams.
public struct ProcessStreams: ~Copyable, Sendable {
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

extension RunningContainer {
    /// Makes the container up to the point before its program is executed. What a failure leaves behind is undone.
    public static func create(
        _ blueprint: ContainerBlueprint, streams: StandardStreams
    ) throws(RuntimeError) -> RunningContainer {
        throw .failed("not yet")
    }

    /// Our ends of the first process's streams; each can be taken once.
    public mutating func takeStreams() -> ProcessStreams {
        var taken = ProcessStreams()
        swap(&taken, &streams)
        return taken
    }

    /// Configures interfaces that are in the container's network namespace now, then executes the program.
    public mutating func start(configuring interfaces: [InterfaceConfiguration] = []) throws(RuntimeError) {
        throw .failed("not yet")
    }

    /// Runs another process in the container.
    public func exec(
        _ process: RuntimeProcess, streams: StandardStreams, seccompFilter: [UInt8]? = nil
    ) throws(RuntimeError) -> ExecutedProcess {
        throw .failed("not yet")
    }

    /// Sends a signal to the first process.
    public func signal(_ number: Int32) throws(RuntimeError) { throw .failed("not yet") }

    /// Freezes every process.
    public func pause() throws(RuntimeError) { throw .failed("not yet") }

    /// Thaws every process.
    public func resume() throws(RuntimeError) { throw .failed("not yet") }

    /// Its processes.
    public func processes() throws(RuntimeError) -> [ProcessRow] { throw .failed("not yet") }

    /// What it has used.
    public func statistics() throws(RuntimeError) -> ContainerStatistics { throw .failed("not yet") }

    /// A descriptor that becomes readable when the kernel may have killed one of its processes for want of memory;
    /// read it empty, then ask `outOfMemoryKills`. Nil where the host can't tell.
    public func outOfMemoryDescriptor() throws(RuntimeError) -> Descriptor? { throw .failed("not yet") }

    /// How often the kernel has killed one of its processes for want of memory.
    public var outOfMemoryKills: UInt64 { 0 }

    /// Binds a path of the host into the container's mount namespace.
    public func bind(source: String, target: String, readOnly: Bool) throws(RuntimeError) { throw .failed("not yet") }

    /// Undoes `bind`.
    public func unbind(target: String) throws(RuntimeError) { throw .failed("not yet") }

    /// How the first process ended, and reaps it; nil while it runs.
    public func reap() throws(RuntimeError) -> ProcessEnd? { throw .failed("not yet") }

    /// Kills everything that still runs in it and removes its cgroup.
    public consuming func destroy() throws(RuntimeError) { throw .failed("not yet") }
}
