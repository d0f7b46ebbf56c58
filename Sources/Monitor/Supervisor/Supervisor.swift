package import Linux
package import Wire

/// Whoever owns a ``Supervisor``.
package protocol SupervisorDelegate: AnyObject {
    /// The container is over, recorded and told, or could not be made or started; nothing more will happen.
    func finished(_ supervisor: Supervisor)
}

/// Looks after one container from before it is made until its end has been recorded and told: the whole of a monitor,
/// and one of many in a guest's agent. Verbs come in on control connections, streams go to attached ones, and the
/// executor makes the processes.
package final class Supervisor {
    /// Where the container is in its life.
    enum State {
        /// Nothing has been made yet.
        case empty
        /// Its first process exists and waits for the order to execute the program.
        case created(process: Int32)
        /// The program runs, or is frozen.
        case running(process: Int32, startedAt: Int64, paused: Bool)
        /// It is over.
        case ended(ExitRecord)
        /// It could not be made or started.
        case failed
    }

    /// The owner, which outlives it.
    package var delegate: (any SupervisorDelegate)?
    let loop: EventLoop
    let memory: IdleMemory
    let makeExecutor: (ContainerSetup.ExecutorKind) throws(Failure) -> any Executor
    var executor: (any Executor)?
    var state = State.empty
    var setup: ContainerSetup?
    var streams: StreamHub?
    /// Connections that get events and answers: all that have not become streams.
    var controls: [Connection] = []
    /// Who asked for the container to be deleted and is still to be told that it is.
    var deletions: [(connection: Connection, number: UInt32)] = []
    /// Whether the container is being deleted because whoever it belongs to is gone.
    var abandoned = false

    /// Creates one for a container that does not exist yet.
    package init(
        in loop: EventLoop,
        makeExecutor: @escaping (ContainerSetup.ExecutorKind) throws(Failure) -> any Executor
    ) {
        self.loop = loop
        memory = IdleMemory(in: loop)
        self.makeExecutor = makeExecutor
    }

    /// Whether nothing has been made yet, or everything is over.
    package var isIdle: Bool {
        switch state {
        case .empty, .ended, .failed: true
        case .created, .running: false
        }
    }

    /// The container's first process, where it has one.
    package var process: Int32? {
        switch state {
        case .created(let process), .running(let process, _, _): process
        case .empty, .ended, .failed: nil
        }
    }

    /// Whether the container's executor waits for the end of the process of that number.
    package func owns(_ process: Int32) -> Bool { executor?.owns(process) ?? false }

    /// Tells this connection of events from now on.
    package func add(control connection: Connection) { controls.append(connection) }

    /// Tells it of no more.
    package func remove(control connection: Connection) {
        controls.removeAll { $0 === connection }
        deletions.removeAll { $0.connection === connection }
    }

    /// Kills the container, because whoever it belongs to is gone or this process is told to go.
    package func abandon() {
        guard !isIdle else { return }
        abandoned = true
        executor?.perform(.delete) { _ in }
    }

    var report: ContainerReport {
        switch state {
        case .empty: ContainerReport(phase: .empty)
        case .created(let process): ContainerReport(phase: .created, process: process)
        case .running(let process, let startedAt, let paused):
            ContainerReport(phase: paused ? .paused : .running, process: process, startedAt: startedAt)
        case .ended(let record): ContainerReport(phase: .stopped, startedAt: record.startedAt, exit: record)
        case .failed: ContainerReport(phase: .stopped)
        }
    }

    func tell(_ event: Event) {
        let bytes = Frame.message(.event(event)).encoded
        for connection in controls { connection.send(encoded: bytes) }
    }
}
