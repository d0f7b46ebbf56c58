internal import Glibc
public import Linux
public import OCI

extension RunningContainer {
    /// Makes the container up to the point before its program is executed. What a failure leaves behind is undone.
    ///
    /// To be called by single-threaded programs only: between clone3 and exec the new process runs this very code.
    ///
    /// - Parameter meanwhile: what can be done while the new process sets itself up; it gets the process's number and its
    ///   control group, and returns whether the program is to be executed at once, without waiting for ``start``: that
    ///   is still to be called.
    /// - Parameter programs: those that decide about devices of containers before.
    public static func create(
        _ blueprint: ContainerBlueprint, streams: StandardStreams, programs: DevicePrograms = DevicePrograms(),
        meanwhile: (_ process: Int32, _ group: Cgroup) -> Bool = { _, _ in false }
    ) throws(RuntimeError) -> RunningContainer {
        // Begun before anything else: it is what takes the kernel longest.
        var network = makingNetwork(blueprint)
        let plan = try ContainerPlan(blueprint)
        guard plan.process.process.terminal == (streams == .terminal) else {
            throw .invalid("process.terminal: does not fit the streams that the process gets")
        }
        let layout = try plan.layout()
        if blueprint.usesSystemd { return try createInScope(plan, streams, layout, meanwhile) }
        if blueprint.isRootless {
            return try create(
                plan, streams, layout, in: try plan.makeGroup(layout), beingMade: nil, &network, meanwhile)
        }
        let group = try step("make the control group \(plan.cgroupPath)") { () throws(SystemError) in
            try CgroupCreation(plan.cgroupPath, layout: layout, limits: plan.limits, programs: programs)
        }
        return try create(plan, streams, layout, in: group.group, beingMade: group, &network, meanwhile)
    }

    /// A network namespace for a container that is to have a new one, where that can belong to our own user namespace and
    /// the container's process can be told of it. Where this host refuses, that process makes it.
    private static func makingNetwork(_ blueprint: ContainerBlueprint) -> NetworkNamespaceMaker? {
        let namespaces = blueprint.specification.linux.namespaces
        guard !blueprint.usesSystemd, !blueprint.isRootless,
            namespaces.contains(where: { $0.kind == .network && $0.path == nil }),
            !namespaces.contains(where: { $0.kind == .user || $0.kind == .time })
        else { return nil }
        return try? NetworkNamespaceMaker()
    }

    private static func createInScope(
        _ plan: ContainerPlan, _ streams: StandardStreams, _ layout: CgroupLayout,
        _ meanwhile: (_ process: Int32, _ group: Cgroup) -> Bool
    ) throws(RuntimeError) -> RunningContainer {
        let holder = try ScopeHolder()
        let cgroup = try holder.makeGroup(plan, layout)
        var network: NetworkNamespaceMaker?
        let container = try create(plan, streams, layout, in: cgroup, beingMade: nil, &network, meanwhile)
        do { try holder.end(cgroup, plan.limits) } catch {
            // The error that matters is the one before.
            try? container.destroy()
            throw error
        }
        return container
    }

    private static func create(
        _ plan: ContainerPlan, _ streams: StandardStreams, _ layout: CgroupLayout, in cgroup: Cgroup,
        beingMade creation: CgroupCreation?, _ network: inout NetworkNamespaceMaker?,
        _ meanwhile: (_ process: Int32, _ group: Cgroup) -> Bool
    ) throws(RuntimeError) -> RunningContainer {
        var cache: CacheControl?
        do {
            try plan.giveGroup(cgroup)
            cache = try CacheControl(plan.specification, id: plan.blueprint.id)
            try cache?.prepare()
            let entersLate = try plan.entersLate(cgroup)
            return try create(plan, streams, layout, cgroup, cache, entersLate, &network, meanwhile)
        } catch {
            // The kernel's killer leaves no message; whoever reads the error wants to know.
            let isTooLow = plan.limits.memory != nil && cgroup.outOfMemoryKills > 0
            // The error that matters is the one before; a group that can't be removed now is named in none of them.
            try? cgroup.kill()
            if let creation { try? creation.undo() } else { try? cgroup.remove() }
            try? cache?.remove()
            throw isTooLow ? .failed("linux.resources.memory.limit: is too low for the container to be set up") : error
        }
    }

    private static func create(
        _ plan: ContainerPlan, _ streams: StandardStreams, _ layout: CgroupLayout, _ cgroup: Cgroup,
        _ cache: CacheControl?, _ entersLate: Bool,
        _ network: inout NetworkNamespaceMaker?, _ meanwhile: (_ process: Int32, _ group: Cgroup) -> Bool
    ) throws(RuntimeError) -> RunningContainer {
        var prepared = try PreparedStreams(streams)
        let pair = try step("connect with the process") { () throws(SystemError) in
            try UnixSocket.pair(.sequencedPackets)
        }
        let ours = ChildChannel(pair.first)
        let theirs = pair.second
        // Nobody in the container may look into this process while it still has our memory. Where an ordinary user has to
        // map its users it hides a little later, before it enters anything that others are in.
        if !plan.isUnprivileged || plan.joinedUserNamespace != nil {
            try step("hide the process") { () throws(SystemError) in try Privilege.setDumpable(false) }
        }
        let host = try HostMounts(plan)
        if plan.needsAssistance || entersLate { network = nil }
        let getsNetwork = network != nil
        let result = try clone(plan, entersLate ? nil : cgroup)
        switch consume result {
        case .child:
            let start = ContainerInit(
                plan: plan, channel: ChildChannel(theirs), layout: layout, cgroup: cgroup, host: host,
                entersLate: entersLate, getsNetwork: getsNetwork)
            start.run(streams: prepared.child)
        case .parent(let process, let descriptor):
            _ = consume theirs
            prepared.child = ChildStreams()
            var devices: NetworkDevices?
            var isStarted = false
            do {
                try cache?.enter(process)
                if getsNetwork { try giveNetwork(ours, network.take()) }
                isStarted = meanwhile(process, cgroup) && plan.canStartUnattended && !entersLate
                // The answers come in the order of what is asked: that of being set up first.
                if isStarted { try step("order the start") { () throws(SystemError) in try ours.orderEarlyStart() } }
                var output: Descriptor?
                try awaitReady(ours, &output) { () throws(RuntimeError) in
                    // While it is still the caller's own, whom systemd asks for.
                    if entersLate { try RunningContainer.move(process, into: cgroup) }
                    try assist(process, plan, cgroup)
                    devices = try moveDevices(process, plan)
                } whenMounted: { () throws(RuntimeError) in
                    let hooks = plan.specification.hooks
                    let state = plan.blueprint.state(.creating, process: process)
                    try Hooks.run("prestart", hooks.prestart, state)
                    try Hooks.run("createRuntime", hooks.createRuntime, state)
                }
                if output != nil { prepared.ours.output = consume output }
            } catch {
                throw reaped(descriptor, devices.take()?.bringBack(because: error) ?? error)
            }
            return RunningContainer(
                id: plan.blueprint.id, process: process, processDescriptor: descriptor,
                bundle: plan.blueprint.bundle, specification: plan.specification, seccompFilter: plan.process.filter,
                cgroup: cgroup, streams: prepared.ours, channel: ours, isStarted: isStarted, devices: devices)
        }
    }

    /// Tells the process which its network namespace is. Where that could not be made the process tries for itself, and
    /// says what is wrong.
    private static func giveNetwork(
        _ channel: borrowing ChildChannel, _ network: consuming NetworkNamespaceMaker?
    ) throws(RuntimeError) {
        let made = try? network.take()?.finish()
        do { try channel.orderGoingOn(into: made) } catch { throw RuntimeError("let the process go on", error) }
    }

    /// The new process, in its namespaces.
    private static func clone(_ plan: ContainerPlan, _ cgroup: Cgroup?) throws(RuntimeError) -> CloneResult {
        let created = plan.createdAtOnce
        let pidNamespace = plan.joined.first { $0.kind == .pid }?.path
        if plan.isUnprivileged, let path = plan.joinedUserNamespace {
            return try step("make the process in \(path)") { () throws(SystemError) in
                try Clone.process(
                    created, in: cgroup, joining: try Descriptor.open(path), pidNamespace: pidNamespace)
            }
        }
        return try PidNamespace.cloning(into: pidNamespace) { () throws(SystemError) in
            guard let path = plan.joinedUserNamespace else {
                do throws(SystemError) { return try Clone.process(created, in: cgroup) } catch {
                    guard plan.isUnprivileged, error.code == EPERM || error.code == ENOSPC else { throw error }
                    throw SystemError(
                        "this host does not let an ordinary user make user namespaces (sysctl user.max_user_namespaces, "
                            + "kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns): clone3",
                        code: error.code)
                }
            }
            return try Clone.process(created, in: cgroup, joining: try Descriptor.open(path))
        }
    }

    /// What a process in a user or time namespace of its own can't do for itself.
    private static func assist(_ process: Int32, _ plan: ContainerPlan, _ cgroup: Cgroup) throws(RuntimeError) {
        if plan.created.contains(.user), let identities = plan.identities {
            try step("linux.uidMappings, linux.gidMappings: map the users") { () throws(SystemError) in
                if plan.isUnprivileged {
                    try identities.applyAsOrdinaryUser(to: process)
                } else {
                    try identities.apply(to: process)
                }
            }
        }
        if !plan.specification.linux.timeOffsets.isEmpty {
            let lines = plan.specification.linux.timeOffsets.map { "\($0.clock) \($0.seconds) \($0.nanoseconds)\n" }
            try step("linux.timeOffsets: set the clocks") { () throws(SystemError) in
                try ProcessFileSystem.set("\(process)/timens_offsets", lines.joined())
            }
        }
        guard plan.hasUserNamespace else { return }
        try step("enter the control groups") { () throws(SystemError) in try cgroup.addSeparate(process) }
        guard let score = plan.process.process.oomScoreAdjustment else { return }
        do { try ProcessFileSystem.set("\(process)/oom_score_adj", "\(score)") } catch {
            if (score == 0 || plan.blueprint.isRootless) && error.isRefusal { return }
            throw RuntimeError("set the out-of-memory score", error)
        }
    }

    /// The host's interfaces that it gets, once it has its network namespace and before anything in there is set.
    private static func moveDevices(_ process: Int32, _ plan: ContainerPlan) throws(RuntimeError) -> NetworkDevices? {
        let devices = plan.specification.linux.networkDevices
        guard !devices.isEmpty else { return nil }
        let path = plan.joined.first { $0.kind == .network }?.path ?? "/proc/\(process)/ns/net"
        return try NetworkDevices.moving(devices, to: path)
    }

    /// Moves a process that could not be made there.
    static func move(_ process: Int32, into cgroup: Cgroup) throws(RuntimeError) {
        try step("enter the control group \(cgroup.path)") { () throws(SystemError) in try cgroup.add(process) }
    }

    /// Kills and reaps a process that could not be set up; passes the reason on.
    static func reaped(_ process: borrowing ProcessDescriptor, _ error: RuntimeError) -> RuntimeError {
        // It may be dead already, which is what is wanted.
        try? process.signal(9)
        _ = try? process.waitForEnd()
        return error
    }

    /// Waits until the process is set up, and takes its terminal; the others are called where it asks for it.
    static func awaitReady(
        _ channel: borrowing ChildChannel, _ terminal: inout Descriptor?,
        whenSeparated: () throws(RuntimeError) -> Void = {}, whenMounted: () throws(RuntimeError) -> Void = {}
    ) throws(RuntimeError) {
        while true {
            let report = try step("hear from the process") { () throws(SystemError) in try channel.nextReport() }
            switch consume report {
            case .ready: return
            case .separated:
                try whenSeparated()
                try step("let the process go on") { () throws(SystemError) in try channel.orderGoingOn() }
            case .mounted:
                try whenMounted()
                try step("let the process go on") { () throws(SystemError) in try channel.orderGoingOn() }
            case .terminal(let master): terminal = consume master
            case .entered: throw .failed("the process has said something unexpected")
            case .failed(let error): throw error
            case .ended: throw .failed("the process ended while it was set up")
            }
        }
    }

    /// Configures interfaces that are in the container's network namespace now, then executes the program, and runs the
    /// hooks for that. Where one of those fails the container still runs, and is to be destroyed.
    public mutating func start(configuring interfaces: [InterfaceConfiguration] = []) throws(RuntimeError) {
        guard let channel = channel.take() else { throw .wrongState("container \(id) has been started already") }
        if !isStarted {
            do { try channel.orderStart(interfaces) } catch {
                throw .wrongState("container \(id) has ended before its start: \(error)")
            }
        }
        try RunningContainer.awaitExecution(channel)
        // From here on they are its own.
        devices = nil
        try Hooks.run("poststart", specification.hooks.poststart, state(.running))
    }

    /// What a hook is told of the container.
    public func state(_ status: RuntimeState.Status) -> RuntimeState {
        var state = RuntimeState(id: id, status: status, process: process, bundle: bundle)
        state.version = specification.version
        state.annotations = specification.annotations
        return state
    }

    /// Waits for the end of the connection, which is when exec has succeeded.
    static func awaitExecution(_ channel: borrowing ChildChannel) throws(RuntimeError) {
        let report = try step("hear from the process") { () throws(SystemError) in try channel.nextReport() }
        switch consume report {
        case .failed(let error): throw error
        case .ended: return
        case .ready: throw .failed("the process has said something unexpected")
        case .separated: throw .failed("the process has said something unexpected")
        case .mounted: throw .failed("the process has said something unexpected")
        case .entered: throw .failed("the process has said something unexpected")
        case .terminal: throw .failed("the process has said something unexpected")
        }
    }

    /// Gives the order to start to a container that was made with a start socket, by whoever made it.
    public static func start(throughSocket path: String) throws(RuntimeError) {
        let channel = try step("reach the waiting process") { () throws(SystemError) in
            ChildChannel(try UnixSocket.connect(path, .sequencedPackets))
        }
        try step("order the start") { () throws(SystemError) in try channel.orderStart([]) }
        try awaitExecution(channel)
    }
}

/// New processes in a pid namespace that exists.
enum PidNamespace {
    /// Runs `body`, which clones, so that the new process is in the namespace at `path`.
    static func cloning(
        into path: String?, _ body: () throws(SystemError) -> CloneResult
    ) throws(RuntimeError) -> CloneResult {
        guard let path else { return try step("make the process") { () throws(SystemError) in try body() } }
        return try step("make the process in \(path)") { () throws(SystemError) in
            let own = try Descriptor.open("/proc/self/ns/pid_for_children")
            let wanted = try Descriptor.open(path)
            try Namespaces.join(wanted.rawValue, .pid)
            let result: CloneResult
            do throws(SystemError) { result = try body() } catch {
                try Namespaces.join(own.rawValue, .pid)
                throw error
            }
            switch consume result {
            case .child: return .child
            case .parent(let process, let descriptor):
                // Further processes of ours are ours again.
                try Namespaces.join(own.rawValue, .pid)
                return .parent(process: process, descriptor: descriptor)
            }
        }
    }
}
