internal import Glibc
internal import Linux
internal import OCI

/// A program that criu calls while it brings a container back: ours, for what criu does not do.
public struct RestoreScript: Sendable {
    /// The program; it gets no arguments.
    public var program: String
    /// What it finds in its environment besides what criu says.
    public var environment: [String]

    /// Creates it.
    public init(program: String, environment: [String]) {
        self.program = program
        self.environment = environment
    }
}

extension RunningContainer {
    /// Has criu bring a container back, whose process is our child then. What a failure leaves behind is undone.
    ///
    /// To be called by single-threaded programs only, as ``create(_:streams:programs:meanwhile:)``.
    ///
    /// - Parameters:
    ///   - scratch: the path of a directory that is gone afterwards.
    ///   - script: what criu calls at each of its steps.
    /// - Throws: ``RuntimeError`` with criu's last errors and the path of its log.
    public static func restore(
        _ blueprint: ContainerBlueprint, with criu: Criu, _ options: CheckpointOptions, scratch: String,
        script: RestoreScript? = nil
    ) throws(RuntimeError) -> RunningContainer {
        let plan = try ContainerPlan(blueprint)
        let record = try CheckpointRecord(in: options.images)
        let layout = try plan.layout()
        let restoration = try Restoration(
            plan: plan, record: record, criu: criu, options: options,
            scratch: try CriuScratch(scratch, layout), script: script)
        guard blueprint.usesSystemd else {
            let group = try step("make the control group \(plan.cgroupPath)") { () throws(SystemError) in
                try Cgroup.create(plan.cgroupPath, layout: layout, limits: plan.limits)
            }
            return try restoration.run(in: group)
        }
        let holder = try ScopeHolder()
        let container = try restoration.run(in: try holder.makeGroup(plan, layout))
        do { try holder.end(container.cgroup, plan.limits) } catch {
            // The error that matters is the one before.
            try? container.destroy()
            throw error
        }
        return container
    }
}

/// One container that is brought back.
private struct Restoration: ~Copyable {
    let plan: ContainerPlan
    let record: CheckpointRecord
    let criu: Criu
    let options: CheckpointOptions
    let scratch: CriuScratch
    let script: RestoreScript?

    /// How many processes more than the container's own its control group lets be meanwhile: criu and what it starts.
    private static let room: Int64 = 16

    init(
        plan: ContainerPlan, record: CheckpointRecord, criu: Criu, options: CheckpointOptions,
        scratch: consuming CriuScratch, script: RestoreScript?
    ) throws(RuntimeError) {
        guard plan.hasMountNamespace else {
            throw .invalid("linux.namespaces: a container without a mount namespace can't be restored")
        }
        guard !plan.isUnprivileged else {
            throw .failed("restore takes the host's superuser, as criu does")
        }
        for (kind, path) in plan.joined where kind == .mount || kind == .cgroup {
            throw .invalid("linux.namespaces: a container can't be restored into the namespace at \(path)")
        }
        (self.plan, self.record, self.criu, self.options, self.script) = (plan, record, criu, options, script)
        self.scratch = scratch
    }

    func run(in group: Cgroup) throws(RuntimeError) -> RunningContainer {
        var cache: CacheControl?
        do throws(RuntimeError) {
            try plan.giveGroup(group)
            cache = try CacheControl(plan.specification, id: plan.blueprint.id)
            try cache?.prepare()
            try limitProcesses(of: group, room: Restoration.room)
            let container = try start(in: group)
            try cache?.enter(container.process)
            try limitProcesses(of: group, room: 0)
            return container
        } catch {
            // The error that matters is the one before.
            try? group.killAndRemove()
            try? cache?.remove()
            throw error
        }
    }

    private func limitProcesses(of group: Cgroup, room: Int64) throws(RuntimeError) {
        guard let limit = plan.limits.processes, limit >= 0 else { return }
        var limits = CgroupLimits()
        limits.processes = limit + room
        try step("limit the processes") { () throws(SystemError) in try group.setLimits(limits) }
    }

    private func start(in group: Cgroup) throws(RuntimeError) -> RunningContainer {
        var inherited = try InheritedResources(record, plan)
        let words = try arguments(inherited, group)
        let output = try step("run criu") { () throws(SystemError) in try Descriptor.memory("criu") }
        let end = try step("run criu") { () throws(SystemError) in try run(words, inherited, output, group) }
        guard end == .exited(code: 0) else {
            // What can't be read says nothing more: criu has failed all the same.
            let said = (try? output.readFromStart(upTo: 1 << 16)) ?? []
            throw Criu.failure(
                "restore", end, words: String(decoding: said, as: UTF8.self),
                log: "\(options.work)/\(CheckpointOptions.restoreLog)")
        }
        let process = try number()
        var streams = ProcessStreams()
        streams.output = inherited.takeMaster()
        return RunningContainer(
            id: plan.blueprint.id, process: process,
            processDescriptor: try step("find the restored process") { () throws(SystemError) in
                try ProcessDescriptor(process: process)
            },
            bundle: plan.blueprint.bundle, specification: plan.specification, seccompFilter: plan.process.filter,
            cgroup: group, streams: streams, channel: nil, devices: nil)
    }

    /// criu in the container's control group, which its children stay in, and with mounts of its own.
    private func run(
        _ words: [String], _ inherited: borrowing InheritedResources, _ output: borrowing Descriptor, _ group: Cgroup
    ) throws(SystemError) -> ProcessEnd {
        try Files.makeDirectories(options.work, mode: 0o700)
        let result = try Clone.process(.mount, in: group)
        switch consume result {
        case .child:
            do throws(SystemError) {
                try group.enterSeparate()
                try RestoredRoot(plan).prepare()
                try scratch.bindGroups()
                let null = try Descriptor.open("/dev/null")
                try Program.duplicate(null.rawValue, to: 0)
                extendLifetime(null)
                try Program.duplicate(output.rawValue, to: 1)
                try Program.duplicate(output.rawValue, to: 2)
                try inherited.keepOnExecute()
                Program.resetSignals()
                throw Program.execute(
                    criu.path, arguments: [criu.path] + words,
                    environment: criu.environment + (script?.environment ?? []))
            } catch {
                // The parent takes it for what criu has said.
                try? output.writeAll("Error (bulkhead-runtime): \(error)\n")
                Program.exitNow(1)
            }
        case .parent(_, let descriptor): return try descriptor.waitForEnd()
        }
    }

    private func arguments(
        _ inherited: borrowing InheritedResources, _ group: Cgroup
    ) throws(RuntimeError) -> [String] {
        var words = ["restore", "--root", plan.rootDirectory] + options.arguments(log: CheckpointOptions.restoreLog)
        words += ["--restore-detached", "--restore-sibling", "--pidfile", scratch.processFile, "--evasive-devices"]
        words += scratch.arguments
        if options.groups != "ignore" { words += ["--cgroup-root", group.path] }
        if let script { words += ["--action-script", script.program] }
        for mount in record.mounts {
            words += mount.restoringArguments(from: try source(of: mount, inherited, group))
        }
        for (kind, path) in plan.joined {
            if kind == .ipc { words += ["--join-ns", "ipc:\(path)"] }
            if kind == .uts { words += ["--join-ns", "uts:\(path)"] }
            if kind == .user { words += ["--join-ns", "user:\(path)"] }
            if kind == .time { words += ["--join-ns", "time:\(path)"] }
        }
        return words + inherited.arguments
    }

    private func source(
        of mount: ExternalMount, _ inherited: borrowing InheritedResources, _ group: Cgroup
    ) throws(RuntimeError) -> String {
        switch mount.source {
        case .bind(let destination, let below):
            for planned in plan.mounts.reversed() where planned.destination == destination {
                guard case .bind = planned.kind else { continue }
                guard planned.mapping == nil else {
                    throw .invalid("mounts: \(destination): a mount with mappings of its own can't be restored")
                }
                return planned.source + below
            }
            throw .invalid("mounts: the container that was saved had a bind on \(destination): it is missing")
        case .device: return mount.place
        case .console:
            guard let path = try inherited.terminalPath() else {
                throw .invalid("process.terminal: the process that was saved has a /dev/console and no terminal")
            }
            return path
        case .controlGroup(let controller):
            let directory =
                if let controller {
                    group.controllerDirectories.first { $0.name == controller }?.path
                } else { group.unifiedDirectory }
            guard let directory else {
                throw .failed("\(mount.place): this host has no control group for \(controller ?? "version 2")")
            }
            return directory
        }
    }

    /// The number of the restored process, which criu has written.
    private func number() throws(RuntimeError) -> Int32 {
        let text = try step("read the restored process's number") { () throws(SystemError) in
            try Files.readText(scratch.processFile)
        }
        guard let number = Int32(text.prefix { $0.isASCII && $0.isNumber }), number > 0 else {
            throw .failed("criu has written \"\(text)\" for the restored process's number")
        }
        return number
    }
}
