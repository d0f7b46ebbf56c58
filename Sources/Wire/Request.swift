/// What one asks of whoever runs a container: the engine asks a monitor, a monitor asks the agent in a guest.
///
/// Both sides speak the same verbs, so the isolation level only decides where they arrive. A connection carries requests
/// and their responses in order of their numbers; `attach` and `exec` turn the connection that they are sent on into a
/// stream of ``Frame/data(_:_:)`` frames, so that the back-pressure of one stream never stops another.
///
/// An agent runs many containers: there a connection belongs to the container that it has created or selected, and one
/// that has done neither to the machine itself (`exec` then runs beside the agent). The container lives no longer than
/// the connection that has created it.
public enum Request: Sendable, Equatable {
    /// Of a guest's agent: this connection is now about the container of that name. No need to wait for the answer
    /// before the next request: where it fails, those fail too. A monitor has only its own. Answered by `done`.
    case select(container: String)
    /// Makes the container up to the point before its program is executed. Answered by `created`.
    case create(ContainerSetup)
    /// Configures the network interfaces that are now in the container's namespace, then executes the program.
    /// Answered by `done`, or by a failure of kind `commandNotFound`, `commandNotExecutable` or `failed`.
    case start(interfaces: [InterfaceSetup])
    /// Turns this connection into the standard streams of the container. May be sent before `start`: no byte is lost.
    case attach(AttachSetup)
    /// Runs another process in the container and turns this connection into its standard streams, followed by the
    /// event `exited`, followed by the end of the connection. Answered by `started`.
    case exec(ExecSetup)
    /// Sends a signal to the container's first process, or to the exec'd process of that name.
    case signal(number: Int32, process: String?)
    /// Sets the window size of the container's terminal, or of the exec'd process of that name.
    case resize(rows: UInt16, columns: UInt16, process: String?)
    /// Freezes every process of the container.
    case pause
    /// Thaws every process of the container.
    case resume
    /// Answered by `state`.
    case state
    /// The container's processes. Answered by `processes`.
    case processes
    /// What the container has used. Answered by `statistics`.
    case statistics
    /// Binds a path of the host into the running container's mount namespace.
    case mount(source: String, target: String, readOnly: Bool)
    /// Undoes `mount`.
    case unmount(target: String)
    /// Kills what still runs, removes cgroup and mounts, and lets the monitor end once that is done.
    case delete
    /// Of a guest's agent, and of bulkhead-vmm, which asks the agent: halts the machine, after a sync of its disks.
    case powerOff
    /// Of bulkhead-vmm only: changes the limits of the machine that runs. Answered by `done`.
    case limit(MachineLimits)
    /// Never sent: stands for a received request with an unknown verb or without a member that it needs, and is
    /// answered by a failure of kind `invalid` that says what is wrong.
    case unreadable(String)
}

/// What is answered to a ``Request``.
public enum Response: Sendable, Equatable {
    /// It has been done.
    case done
    /// The container's first process exists, with this number on the host or in the guest.
    case created(process: Int32)
    /// An exec'd process runs, with this number on the host or in the guest.
    case started(process: Int32)
    /// How the container is.
    case state(ContainerReport)
    /// Its processes.
    case processes([ProcessReport])
    /// What it has used.
    case statistics(StatisticsReport)
    /// It could not be done; nothing of it remains.
    case failed(Failure)
}

/// What is told without being asked, to every connection that has not become a stream.
public enum Event: Sendable, Equatable {
    /// The container (process nil) or the exec'd process of that name has ended.
    case exited(process: String?, ExitRecord)
    /// The kernel killed a process of the container because the memory limit was reached.
    case outOfMemory
    /// A guest's agent is ready for requests.
    case ready(AgentReport)
}

/// Why a request could not be carried out.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// What whoever asked may decide on; nothing is ever decided on the text.
    public enum Kind: String, Sendable {
        /// The program is not in the container: exit code 127.
        case commandNotFound
        /// The program is there and can't be executed: exit code 126.
        case commandNotExecutable
        /// The container is not in a state in which this can be done.
        case wrongState
        /// There is no process of that name.
        case noSuchProcess
        /// The request itself is wrong.
        case invalid
        /// The machine, the monitor or the connection to it is gone.
        case gone
        /// Anything else.
        case failed
    }

    /// What kind of failure.
    public let kind: Kind
    /// What failed, on what, and what to do.
    public let message: String

    /// Creates a failure.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The text for people.
    public var description: String { message }
}
