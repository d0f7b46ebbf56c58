internal import Glibc
internal import Linux
public import OCI

extension RunningContainer {
    /// Runs another process in the container. Capabilities, limits and filter that it does not name are those of the
    /// container's first process.
    public func exec(
        _ process: RuntimeProcess, streams: StandardStreams, seccompFilter: [UInt8]? = nil,
        inheritedDescriptors: [Int32] = [], newKeyring: Bool = true
    ) throws(RuntimeError) -> ExecutedProcess {
        var process = process
        if process.capabilities == nil { process.capabilities = specification.process?.capabilities }
        let plan = try ProcessPlan(
            process, filter: seccompFilter ?? self.seccompFilter, linux: specification.linux,
            state: state(.running))
        guard process.terminal == (streams == .terminal) else {
            throw .invalid("process.terminal: does not fit the streams that the process gets")
        }
        var prepared = try PreparedStreams(streams)
        let pair = try step("connect with the process") { () throws(SystemError) in
            try UnixSocket.pair(.sequencedPackets)
        }
        let ours = ChildChannel(pair.first)
        let theirs = pair.second
        try step("hide the process") { () throws(SystemError) in try Privilege.setDumpable(false) }
        let result = try PidNamespace.cloning(into: "/proc/\(self.process)/ns/pid") { () throws(SystemError) in
            try Clone.process([], in: cgroup)
        }
        switch consume result {
        case .child:
            let start = ContainerEntrant(
                plan: plan, channel: ChildChannel(theirs), cgroup: cgroup, inherited: inheritedDescriptors,
                namespaces: specification.linux.namespaces, newKeyring: newKeyring)
            start.run(container: processDescriptor.rawValue, process: self.process, streams: prepared.child)
        case .parent(let number, let descriptor):
            _ = consume theirs
            prepared.child = ChildStreams()
            do {
                var output: Descriptor?
                try RunningContainer.awaitReady(ours, &output)
                if output != nil { prepared.ours.output = consume output }
                try RunningContainer.awaitExecution(ours)
            } catch {
                throw RunningContainer.reaped(descriptor, error)
            }
            return ExecutedProcess(process: number, processDescriptor: descriptor, streams: prepared.ours)
        }
    }
}

/// A further process of a container, from clone3 to exec.
struct ContainerEntrant: ~Copyable {
    let plan: ProcessPlan
    private var channel: ChildChannel
    let cgroup: Cgroup
    let inherited: [Int32]
    let newKeyring: Bool
    /// Whether the container's superuser is not the host's, and whether its clocks are its own.
    private let (hasUsers, hasTime): (Bool, Bool)

    init(
        plan: ProcessPlan, channel: consuming ChildChannel, cgroup: Cgroup, inherited: [Int32],
        namespaces: [RuntimeNamespace], newKeyring: Bool
    ) {
        hasUsers = namespaces.contains { $0.kind == .user }
        hasTime = namespaces.contains { $0.kind == .time }
        self.plan = plan
        self.channel = channel
        self.cgroup = cgroup
        self.inherited = inherited
        self.newKeyring = newKeyring
    }

    /// Enters the container and executes the program.
    consuming func run(container: Int32, process: Int32, streams: consuming ChildStreams) -> Never {
        do {
            try run(container, process, streams)
        } catch {
            channel.report(error)
        }
        Program.exitNow(1)
    }

    private mutating func run(
        _ container: Int32, _ first: Int32, _ streams: borrowing ChildStreams
    ) throws(RuntimeError) {
        let process = plan.process
        Program.resetSignals()
        try step("start a session") { () throws(SystemError) in try Program.startSession() }
        if newKeyring {
            _ = try step("leave the caller's keyring") { () throws(SystemError) in try Privilege.makeSessionKeyring() }
        }
        Privilege.setMask(0)
        try run(on: process.affinity?.initial, "initial")
        // Before it is in the container nothing of it can be limited; afterwards the host's files are out of reach.
        try step("enter the container's control groups") { () throws(SystemError) in
            try cgroup.enterSeparate()
        }
        try run(on: process.affinity?.final, "final")
        let label = try SecurityLabel(process)
        let listener = try SeccompListener.find(plan.listener)
        if let score = process.oomScoreAdjustment {
            do { try ProcessFileSystem.set("self/oom_score_adj", "\(score)") } catch {
                guard score == 0, error.code == EPERM || error.code == EACCES else {
                    throw RuntimeError("set the out-of-memory score", error)
                }
            }
        }
        try step("enter the container") { () throws(SystemError) in
            var kinds: Namespaces = [.ipc, .uts, .network, .cgroup]
            if hasUsers { kinds.insert(.user) }
            if hasTime { kinds.insert(.time) }
            try Namespaces.joinWithRoot(container, process: first, kinds)
            if hasUsers { try Privilege.become(user: 0, group: 0, groups: []) }
        }
        let root = try step("open the root") { () throws(SystemError) in try RootDirectory("/") }
        if process.terminal {
            let master = try ChildTerminal.open(root, size: process.consoleSize)
            try step("hand over the terminal") { () throws(SystemError) in try channel.report(terminal: master) }
            _ = try ChildTerminal.install(master)
        } else {
            try streams.install()
        }
        let identity = try ResolvedIdentity(plan, root: root)
        if !process.terminal { streams.give(to: identity.uid) }
        try WorkingDirectory.enter(process.workingDirectory, root: root)
        var environment = process.environment
        identity.addHome(to: &environment)
        let command = try Command.find(process.arguments[0], environment: environment)
        try step("report") { () throws(SystemError) in try channel.reportReady() }
        if !inherited.isEmpty {
            channel = try step("arrange the descriptors") { () throws(SystemError) in
                let lowest = 3 + Int32(truncatingIfNeeded: inherited.count)
                return ChildChannel(try .duplicating(channel.socket.rawValue, atLeast: lowest))
            }
        }
        try plan.assume(identity, inherited: inherited, channel: channel, label: label, listener: listener)
        let error = Program.execute(command, arguments: process.arguments, environment: environment)
        throw Command.failure(command, error)
    }
    private func run(on processors: NumberSet?, _ name: String) throws(RuntimeError) {
        guard let processors else { return }
        try step("process.execCPUAffinity.\(name): run on processors \(processors.text)") { () throws(SystemError) in
            try Scheduling.setProcessors(processors.words)
        }
    }
}
