internal import ContainerRuntime
internal import Glibc
internal import Linux
internal import Monitor
internal import Wire

/// Serves any number of connections: those that have to do with a container, each with its own supervisor, and those
/// about the machine itself.
final class Agent {
    let loop: EventLoop
    let machine: MachineProcesses
    private(set) var containers: [String: Supervisor] = [:]
    private var network = GuestNetwork()
    private let programs = DevicePrograms()
    private var layers = MergedLayers(in: Bringup.folder + "/roots")
    private let isMachine: Bool
    private var poweringOff = false

    /// An agent that has a machine to itself, or only serves (`isMachine` false: where it is tried without one).
    init(in loop: EventLoop, isMachine: Bool) {
        self.loop = loop
        self.isMachine = isMachine
        machine = MachineProcesses(in: loop)
    }

    /// Serves a connected socket.
    func serve(_ socket: consuming Descriptor) {
        do {
            let connection = try Connection(adopting: socket, in: loop, handler: AgentSession(self))
            connection.send(.message(.event(.ready(Agent.report))))
        } catch {
            Console.report("a connection: \(error)")
        }
    }

    private static var report: AgentReport {
        // Without /proc this would not be running.
        let release = (try? Files.readText("/proc/sys/kernel/osrelease")) ?? ""
        return AgentReport(
            kernel: String(release.prefix { !$0.isNewline }),
            readyAfter: UInt64(clamping: Clock.monotonicNanoseconds / 1000))
    }

    /// Makes the supervisor for a container of that name.
    func add(_ id: String) throws(Failure) -> Supervisor {
        guard containers[id] == nil else {
            throw Failure(.wrongState, "container \(id) exists in this machine already")
        }
        guard !poweringOff else { throw Failure(.gone, "the machine is being turned off") }
        let supervisor = Supervisor(in: loop) { [loop, programs] kind throws(Failure) in
            guard case .local = kind else { throw Failure(.invalid, "an agent makes its containers itself") }
            return LocalExecutor(in: loop, programs: programs)
        }
        supervisor.delegate = self
        containers[id] = supervisor
        return supervisor
    }

    /// The same container over layers that this machine has put together already. Without a machine of its own the
    /// agent leaves mounts to its containers.
    func merging(_ setup: ContainerSetup) throws(Failure) -> ContainerSetup {
        guard isMachine, case .overlay(let lower, let upper, let work, let isTransient) = setup.root else {
            return setup
        }
        var merged = setup
        do throws(RuntimeError) {
            merged.root = .overlay(
                lower: [try layers.place(of: lower)], upper: upper, work: work, isTransient: isTransient)
        } catch {
            throw Failure(.failed, "\(error)")
        }
        return merged
    }

    /// Puts a container's interfaces where they belong; gives those that are left to be configured in its namespace.
    func connect(_ interfaces: [InterfaceSetup], of process: Int32) throws(Failure) -> [InterfaceSetup] {
        do {
            return try network.connect(interfaces, of: process)
        } catch {
            throw Failure(.failed, "the machine's network: \(error)")
        }
    }

    /// Whether somebody waits for the end of the process of that number.
    func owns(_ process: Int32) -> Bool {
        machine.owns(process) || containers.values.contains { $0.owns(process) }
    }

    // MARK: The end

    /// Kills the containers, and then turns the machine off.
    func powerOff() {
        guard !poweringOff else { return }
        poweringOff = true
        for supervisor in containers.values { supervisor.abandon() }
        loop.schedule(afterMilliseconds: 3000) { [self] in leave() }
        if containers.isEmpty { leave() }
    }

    private func leave() {
        guard isMachine else { return loop.stop() }
        PowerOff.now()
    }
}

extension Agent: SupervisorDelegate {
    func finished(_ supervisor: Supervisor) {
        containers = containers.filter { $0.value !== supervisor }
        // The answers that are still on their way to the host have a moment to leave.
        if poweringOff && containers.isEmpty { loop.schedule(afterMilliseconds: 20) { [self] in leave() } }
    }
}

/// The machine's end.
enum PowerOff {
    /// Ends every process, writes the disks, and turns the machine off.
    static func now() -> Never {
        FirstProcess.signalAll(SIGKILL)
        FirstProcess.synchronizeDisks()
        // A container's namespace that is still being taken apart may hold it: its journal makes up for that.
        try? Mount.unmount(Bringup.folder + "/disk")
        FirstProcess.synchronizeDisks()
        FirstProcess.powerOff()
        Program.exitNow(1)
    }
}
