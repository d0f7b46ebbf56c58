internal import Glibc
internal import Linux
internal import OCI

extension RunningContainer {
    /// Has criu save the container, which is gone then unless it is to go on. Where that fails it runs on as before.
    ///
    /// - Parameters:
    ///   - blueprint: what it was made from.
    ///   - scratch: the path of a directory that is gone afterwards.
    /// - Throws: ``RuntimeError`` with criu's last errors and the path of its log.
    public func checkpoint(
        with criu: Criu, _ options: CheckpointOptions, _ blueprint: ContainerBlueprint, scratch: String
    ) throws(RuntimeError) {
        let plan = try ContainerPlan(blueprint)
        guard plan.hasMountNamespace else {
            throw .invalid("linux.namespaces: a container without a mount namespace can't be checkpointed")
        }
        let record = try checkpointRecord(plan)
        try step("make the directories of the images") { () throws(SystemError) in
            try Files.makeDirectories(options.images, mode: 0o700)
            try Files.makeDirectories(options.work, mode: 0o700)
        }
        let scratch = try CriuScratch(scratch, cgroup.layout)
        let wasFrozen = try step("look at the control group") { () throws(SystemError) in try cgroup.isFrozen() }
        let (end, words) = try criu.run(dumpArguments(plan, record, options) + scratch.arguments)
        extendLifetime(scratch)
        guard end == .exited(code: 0) else {
            // criu undoes what it has done, unless it was killed; what was frozen before is its user's.
            if !wasFrozen { try? cgroup.setFrozen(false) }
            throw Criu.failure(
                options.isPrevious ? "pre-dump" : "dump", end, words: words,
                log: "\(options.work)/\(CheckpointOptions.dumpLog)")
        }
        try record.write(to: options.images)
    }

    private func checkpointRecord(_ plan: ContainerPlan) throws(RuntimeError) -> CheckpointRecord {
        let rows = try step("list the container's mounts") { () throws(SystemError) in
            try MountTable(of: process).rows
        }
        let root = try step("open the container's root") { () throws(SystemError) in
            try RootDirectory("/proc/\(process)/root")
        }
        var record = CheckpointRecord()
        record.mounts = try ExternalMounts(plan, root: root, unifiedGroups: cgroup.layout.isUnified).external(in: rows)
        record.streams = try step("look at the standard streams") { () throws(SystemError) in
            try ExternalStream.all(of: process, mounts: rows)
        }
        return record
    }

    private func dumpArguments(
        _ plan: ContainerPlan, _ record: CheckpointRecord, _ options: CheckpointOptions
    ) -> [String] {
        var words = [options.isPrevious ? "pre-dump" : "dump", "--tree", "\(process)", "--root", plan.rootDirectory]
        words += options.arguments(log: CheckpointOptions.dumpLog)
        if let parent = options.parent { words += ["--prev-images-dir", parent] }
        if options.parent != nil || options.isPrevious { words.append("--track-mem") }
        if options.leavesRunning && !options.isPrevious { words.append("--leave-running") }
        if let freezer = cgroup.freezerDirectory { words += ["--freeze-cgroup", freezer] }
        for mount in record.mounts { words += mount.savingArguments }
        for stream in record.streams { words += stream.savingArguments }
        for namespace in plan.externalNamespaces {
            guard let status = FileStatus("/proc/\(process)/ns/\(namespace.file)") else { continue }
            words += ["--external", "\(namespace.file)[\(status.inode)]:\(namespace.name)"]
        }
        return words
    }
}

extension CheckpointOptions {
    /// criu's log of saving.
    static let dumpLog = "dump.log"
    /// criu's log of bringing back.
    static let restoreLog = "restore.log"
}

extension ContainerPlan {
    /// Namespaces that it shares with others and criu leaves alone: their file in /proc, and by which name criu knows them
    /// (the one that runc gives them, too).
    var externalNamespaces: [(file: String, name: String, path: String)] {
        var list: [(file: String, name: String, path: String)] = []
        for (kind, path) in joined {
            if kind == .network { list.append(("net", "extRootNetNS", path)) }
            if kind == .pid { list.append(("pid", "extRootPidNS", path)) }
        }
        return list
    }
}
