internal import Glibc
internal import Linux
internal import OCI

/// Makes a further process of a container, and is it from then on: from clone3 to exec.
///
/// The process that joins the container's namespaces is not to be seen in there, for its own process number is one of
/// the host's. Only when it has nothing of the host's any more does it make the one that is: what that one holds, and
/// what somebody in the container can get at who may trace it in spite of its being not dumpable (CAP_SYS_PTRACE without
/// a user namespace, CVE-2016-9962), are the standard streams, what is to be inherited, the connection to the parent,
/// and no more capabilities than the program gets, or than the last steps need where those can't be done before.
struct ContainerEntrant: ~Copyable {
    let plan: ProcessPlan
    private var channel: ChildChannel
    let cgroup: Cgroup
    let inherited: [Int32]
    let newKeyring: Bool
    /// Whether the container's superuser is not the host's, and whether its clocks are its own.
    private let (hasUsers, hasTime): (Bool, Bool)
    /// Whom the users of the container's user namespace are outside.
    private let identities: IdentityMap?
    /// Whether its maker has no rights but in the container's user namespace.
    private let isUnprivileged: Bool
    /// Whether its maker has to move it into the control group.
    private let entersLate: Bool

    init(
        plan: ProcessPlan, channel: consuming ChildChannel, cgroup: Cgroup, inherited: [Int32],
        linux: RuntimeLinux, newKeyring: Bool, isUnprivileged: Bool, entersLate: Bool
    ) {
        hasUsers = linux.namespaces.contains { $0.kind == .user }
        hasTime = linux.namespaces.contains { $0.kind == .time }
        identities = hasUsers ? IdentityMap(linux) : nil
        self.isUnprivileged = isUnprivileged
        self.entersLate = entersLate
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
        let descriptors = try step("look for descriptors") { () throws(SystemError) in
            try OpenDescriptors(leaving: 3 + Int32(truncatingIfNeeded: inherited.count))
        }
        Program.resetSignals()
        try step("start a session") { () throws(SystemError) in try Program.startSession() }
        if newKeyring { try SessionKeyring.replace(for: process) }
        Privilege.setMask(0)
        try run(on: process.affinity?.initial, "initial")
        // Before it is in the container nothing of it can be limited; afterwards the host's files are out of reach.
        try step("enter the container's control groups") { () throws(SystemError) in
            if entersLate { try channel.awaitNamespaces() }
            try cgroup.enterSeparate()
        }
        try run(on: process.affinity?.final, "final")
        let label = try SecurityLabel(process)
        let listener = try SeccompListener.find(plan.listener)
        if let score = process.oomScoreAdjustment {
            do { try ProcessFileSystem.set("self/oom_score_adj", "\(score)") } catch {
                guard score == 0 || isUnprivileged, error.isRefusal else {
                    throw RuntimeError("set the out-of-memory score", error)
                }
            }
        }
        let areGroupsFixed = try step("enter the container") { () throws(SystemError) in
            // As the host has it: what the container has at /proc can be anything.
            let isFixed = hasUsers ? try UserNamespace.deniesGroups(of: "\(first)") : false
            // That of process numbers is for those to come.
            var kinds: Namespaces = [.ipc, .uts, .network, .cgroup, .pid]
            if hasUsers { kinds.insert(.user) }
            if hasTime { kinds.insert(.time) }
            if isUnprivileged {
                // Those that the container shares with the host are not its superuser's to join.
                kinds.subtract(Namespaces.shared(with: first))
                // Only now, for until then a part of /proc is the process's own.
                try Privilege.setDumpable(false)
            }
            try Namespaces.joinWithRoot(container, process: first, kinds)
            if hasUsers { try Privilege.become(user: 0, group: 0, groups: isFixed ? nil : []) }
            return isFixed
        }
        let root = try step("open the root") { () throws(SystemError) in try RootDirectory("/") }
        if process.terminal {
            let master = try ChildTerminal.open(root, size: process.consoleSize)
            try step("hand over the terminal") { () throws(SystemError) in try channel.report(terminal: master) }
            _ = try ChildTerminal.install(master)
        } else {
            try streams.install()
        }
        var identity = try ResolvedIdentity(plan, root: root)
        try identity.check(identities, areGroupsFixed: areGroupsFixed)
        if !process.terminal { streams.give(to: identity.uid) }
        try WorkingDirectory.enter(process.workingDirectory, root: root)
        var environment = process.environment
        identity.addHome(to: &environment)
        // A path may lead through /proc/self, which is not there for a process that is not seen there: then it is looked
        // for once more.
        let found = Result { () throws(RuntimeError) in
            try Command.find(process.arguments[0], environment: environment)
        }
        if !inherited.isEmpty {
            channel = try step("arrange the descriptors") { () throws(SystemError) in
                let lowest = 3 + Int32(truncatingIfNeeded: inherited.count)
                return ChildChannel(try .duplicating(channel.socket.rawValue, atLeast: lowest))
            }
        }
        Program.forgetEnvironment()
        var connection = try plan.prepare(
            inherited: inherited, descriptors: descriptors, channel: channel, label: label, listener: listener)
        var isEarly = plan.canBecomeEarly(identity, inUserNamespace: hasUsers)
        if case .failure = found { isEarly = false }
        if isEarly { try plan.become(identity, connection) } else { try plan.reduceCapabilities() }
        try appear(&connection)
        let command: String
        switch found {
        case .success(let path): command = path
        case .failure(let reason):
            do { command = try Command.find(process.arguments[0], environment: environment) } catch { throw reason }
        }
        if !isEarly { try plan.become(identity, connection) }
        let error = Program.execute(command, arguments: process.arguments, environment: environment)
        throw Command.failure(command, error)
    }

    /// Goes on as a process that the container's others see, once the parent knows of that.
    private func appear(_ connection: inout SeccompConnection?) throws(RuntimeError) {
        let number = try step("make the process") { () throws(SystemError) in
            let made = try Clone.sibling()
            guard made == 0 else {
                try channel.report(process: made)
                Program.exitNow(0)
            }
            try Program.startSession()
            return try channel.awaitNumber()
        }
        connection?.speak(for: number)
        if plan.process.terminal { try ChildTerminal.takeControl() }
    }

    private func run(on processors: NumberSet?, _ name: String) throws(RuntimeError) {
        guard let processors else { return }
        try step("process.execCPUAffinity.\(name): run on processors \(processors.text)") { () throws(SystemError) in
            try Scheduling.setProcessors(processors.words)
        }
    }
}
