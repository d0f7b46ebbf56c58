internal import Glibc
internal import Linux
internal import OCI

/// The first process of a container, from clone3 to exec.
///
/// Runs in a copy of a single-threaded parent. Everything that could be worked out before the clone is in the plan.
struct ContainerInit: ~Copyable {
    let plan: ContainerPlan
    private var channel: ChildChannel
    let layout: CgroupLayout
    let cgroup: Cgroup
    private let host: HostMounts
    /// Whether the parent has to move this process into the control group.
    private let entersLate: Bool
    /// Whether the parent is making the network namespace.
    private let getsNetwork: Bool
    /// Whether the user namespace lets nobody change groups.
    private var areGroupsFixed = false

    init(
        plan: ContainerPlan, channel: consuming ChildChannel, layout: CgroupLayout, cgroup: Cgroup,
        host: consuming HostMounts, entersLate: Bool, getsNetwork: Bool
    ) {
        self.entersLate = entersLate
        self.getsNetwork = getsNetwork
        self.plan = plan
        self.host = host
        self.channel = channel
        self.layout = layout
        self.cgroup = cgroup
    }

    /// Sets everything up, waits for the order to start, and executes the program.
    consuming func run(streams: consuming ChildStreams) -> Never {
        do {
            try run(streams)
        } catch {
            channel.report(error)
        }
        Program.exitNow(1)
    }

    private mutating func run(_ streams: borrowing ChildStreams) throws(RuntimeError) {
        let process = plan.process.process
        let descriptors = try step("look for descriptors") { () throws(SystemError) in
            try OpenDescriptors(leaving: 3 + Int32(truncatingIfNeeded: plan.blueprint.inheritedDescriptors.count))
        }
        Program.resetSignals()
        try step("start a session") { () throws(SystemError) in try Program.startSession() }
        if plan.blueprint.newKeyring { try SessionKeyring.replace(for: process) }
        Privilege.setMask(0)
        let namespaces = plan.createdByItself.subtracting(getsNetwork ? .network : [])
        if !namespaces.isEmpty {
            try step("make the namespaces") { () throws(SystemError) in try Namespaces.unshare(namespaces) }
        }
        if plan.needsAssistance || entersLate { try enterOwnNamespaces() }
        try findUsers()
        for namespace in plan.joined where namespace.kind != .pid && namespace.kind != .user { try join(namespace) }
        if let name = plan.specification.hostname {
            try step("set the host name") { () throws(SystemError) in try Program.setHostname(name) }
        }
        if let name = plan.specification.domainname {
            try step("set the domain name") { () throws(SystemError) in try Program.setDomainname(name) }
        }
        let setup = try RootSetup(plan: plan, host: host)

        // While the parent makes the network namespace.
        let independent = plan.mounts.prefix { $0.isIndependent }.count
        try mount(0..<independent, setup)

        try enterNetwork()
        try setKernelParameters()
        // What is mounted from here on counts as the container's.
        try enterControlGroups()
        try setOutOfMemoryScore()
        try mount(independent..<plan.mounts.count, setup)
        try setup.placeFiles()
        try setup.makeDevices(host)
        try setup.protectPaths()
        try runHooksBeforeEntering()
        let label = try SecurityLabel(process)
        let listener = try SeccompListener.find(plan.process.listener)
        try setup.enter()

        let root = try setup.root()
        if process.terminal { try openTerminal(root, process.consoleSize) } else { try streams.install() }
        var identity = try ResolvedIdentity(plan.process, root: root)
        try identity.check(plan.hasUserNamespace ? plan.identities : nil, areGroupsFixed: areGroupsFixed)
        if !process.terminal { streams.give(to: identity.uid) }
        try WorkingDirectory.enter(process.workingDirectory, root: root)
        var environment = process.environment
        identity.addHome(to: &environment)
        let command = try Command.find(process.arguments[0], environment: environment)

        let order = try waitForStart()
        try configureInterfaces(order)
        try makeRoomForInherited()
        try placeMemory()
        try plan.process.assume(
            identity, inherited: plan.blueprint.inheritedDescriptors, descriptors: descriptors, channel: channel,
            label: label, listener: listener)
        try Hooks.run(
            "startContainer", plan.specification.hooks.startContainer,
            plan.blueprint.state(.created, process: Program.number))
        let error = Program.execute(command, arguments: process.arguments, environment: environment)
        throw Command.failure(command, error)
    }

    private func mount(_ range: Range<Int>, _ setup: borrowing RootSetup) throws(RuntimeError) {
        for index in range {
            let mount = plan.mounts[index]
            let tree = try step("mount \(mount.destination)") { () throws(SystemError) in try host.bind(index) }
            try setup.mount(mount, tree: tree, cgroup: cgroup, ownView: plan.created.contains(.cgroup))
        }
    }

    private func join(_ namespace: (kind: Namespaces, path: String)) throws(RuntimeError) {
        try step("join the namespace") { () throws(SystemError) in
            let file = try Descriptor.open(namespace.path)
            do throws(SystemError) { try Namespaces.join(file.rawValue, namespace.kind) } catch {
                throw SystemError("setns", namespace.path, code: error.code)
            }
        }
    }

    /// Namespaces for whose setting up the parent is needed: it says who the users are, and what the time is.
    private func enterOwnNamespaces() throws(RuntimeError) {
        let hasTime = plan.created.contains(.time)
        try step("linux.namespaces: enter the user and time namespaces") { () throws(SystemError) in
            if hasTime { try Namespaces.unshareTime() }
            try channel.awaitNamespaces()
            if hasTime {
                let clocks = try Descriptor.open("/proc/self/ns/time_for_children")
                try Namespaces.join(clocks.rawValue, .time)
                extendLifetime(clocks)
            }
        }
    }

    /// Until now this may be a user whom the namespace does not even know.
    private mutating func findUsers() throws(RuntimeError) {
        guard plan.hasUserNamespace || plan.blueprint.isRootless else { return }
        areGroupsFixed = try step("look whether groups can be changed") { () throws(SystemError) in
            try UserNamespace.deniesGroups(of: "self")
        }
        guard plan.hasUserNamespace else { return }
        let groups: [UInt32]? = areGroupsFixed ? nil : []
        try step("become the container's superuser") { () throws(SystemError) in
            // The map has been written by another process of ours, to which this one had to be open.
            if plan.isUnprivileged { try Privilege.setDumpable(false) }
            try Privilege.become(user: 0, group: 0, groups: groups)
        }
    }

    /// Enters the network namespace that the parent has made, or makes one where it could not.
    private func enterNetwork() throws(RuntimeError) {
        guard plan.created.contains(.network) else { return }
        if getsNetwork {
            let network = try step("wait for the network namespace") { () throws(SystemError) in
                try channel.awaitNetwork()
            }
            if let network {
                return try step("enter the network namespace") { () throws(SystemError) in
                    try Namespaces.join(network.rawValue, .network)
                }
            }
            try step("make the network namespace") { () throws(SystemError) in try Namespaces.unshare(.network) }
        }
        try step("bring up the loopback interface") { () throws(SystemError) in try Program.setInterfaceUp("lo") }
    }

    /// Enters the container's groups; from then on the view of them can be the container's own.
    private func enterControlGroups() throws(RuntimeError) {
        // With a user namespace the parent has done it: the groups' files are the host's.
        if !plan.hasUserNamespace {
            try step("enter the control groups") { () throws(SystemError) in try cgroup.enterSeparate() }
        }
        if plan.created.contains(.cgroup) {
            try step("make a cgroup namespace") { () throws(SystemError) in try Namespaces.unshare(.cgroup) }
        }
    }

    /// Lowering it needs CAP_SYS_RESOURCE: without, 0 is what the configuration of every container says by default.
    private func setOutOfMemoryScore() throws(RuntimeError) {
        guard !plan.hasUserNamespace, let score = plan.process.process.oomScoreAdjustment else { return }
        do { try ProcessFileSystem.set("self/oom_score_adj", "\(score)") } catch {
            if (score == 0 || plan.blueprint.isRootless) && error.isRefusal { return }
            throw RuntimeError("set the out-of-memory score", error)
        }
    }

    /// Through the host's /proc, whose net, ipc and uts parameters are those of the calling process's namespaces.
    private func setKernelParameters() throws(RuntimeError) {
        for (name, value) in plan.specification.linux.sysctl {
            try step("set the kernel parameter \(name)") { () throws(SystemError) in
                try ProcessFileSystem.set("sys/\(name.replacingDots)", value)
            }
        }
    }

    /// The parent's hooks, then those that are run in here while the host's programs can still be reached.
    private func runHooksBeforeEntering() throws(RuntimeError) {
        let hooks = plan.specification.hooks
        if !hooks.prestart.isEmpty || !hooks.createRuntime.isEmpty {
            try step("wait for the hooks") { () throws(SystemError) in try channel.awaitHooks() }
        }
        try Hooks.run(
            "createContainer", hooks.createContainer, plan.blueprint.state(.creating, process: Program.number))
    }

    /// The policy holds for this process and is passed on.
    private func placeMemory() throws(RuntimeError) {
        guard let policy = plan.specification.linux.memoryPolicy else { return }
        try step("linux.memoryPolicy: set the policy") { () throws(SystemError) in
            try Scheduling.setMemoryPolicy(policy.mode, nodes: policy.nodes?.words ?? [])
        }
    }

    private func openTerminal(
        _ root: borrowing RootDirectory, _ size: RuntimeProcess.ConsoleSize?
    ) throws(RuntimeError) {
        let master = try ChildTerminal.open(root, size: size)
        try step("hand over the terminal") { () throws(SystemError) in try channel.report(terminal: master) }
        let peer = try ChildTerminal.install(master)
        try ChildTerminal.takeControl()
        try ChildTerminal.placeConsole(peer, root)
    }

    private mutating func waitForStart() throws(RuntimeError) -> [UInt8] {
        try step("report") { () throws(SystemError) in try channel.reportReady() }
        guard let number = plan.blueprint.startSocket else {
            return try step("wait for the start") { () throws(SystemError) in try channel.order() }
        }
        // Whoever made this process goes now; the order comes from another one, over a connection of its own.
        let listener = Descriptor(adopting: number)
        while true {
            let connection = try step("wait for the start") { () throws(SystemError) in
                try UnixSocket.accept(listener)
            }
            guard let connection else { continue }
            channel = ChildChannel(connection)
            return try step("wait for the start") { () throws(SystemError) in try channel.order() }
        }
    }

    /// The descriptors that the program inherits get numbers from 3 on: the connection to the parent must not be there.
    private mutating func makeRoomForInherited() throws(RuntimeError) {
        let count = plan.blueprint.inheritedDescriptors.count
        guard count > 0 else { return }
        channel = try step("arrange the descriptors") { () throws(SystemError) in
            ChildChannel(try .duplicating(channel.socket.rawValue, atLeast: 3 + Int32(truncatingIfNeeded: count)))
        }
    }

    private func configureInterfaces(_ order: [UInt8]) throws(RuntimeError) {
        guard order.count > 1 else { return }
        let interfaces: [InterfaceConfiguration]
        do throws(JSONError) {
            interfaces = try JSONField(JSON(parsing: Array(order.dropFirst()))).elements().map {
                (field) throws(JSONError) in try InterfaceConfiguration(field)
            }
        } catch { throw RuntimeError(error) }
        for interface in interfaces { try interface.apply() }
    }
}
