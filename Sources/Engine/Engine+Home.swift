import Glibc
import Linux
import Wire

extension Engine {
    /// Brings together what the container's root is made of.
    func prepareHome(of container: ManagedContainer, _ connection: NetworkConnection)
        async throws(EngineError) -> ContainerHome
    {
        let record = container.record
        guard record.specification.isolation == .process else {
            return try await prepareMachineHome(of: container, connection)
        }
        try prepareBinds(container)
        let layers = try await images.layers(of: record.resolved.imageID)
        try await fillVolumes(container, layers)
        try writeNetworkFiles(container, connection)
        let folder = paths.container(record.id)
        var facts = LaunchFacts()
        facts.host = host
        facts.cgroupParent = cgroupParent(of: record)
        facts.networkProcess = try record.resolved.networkContainer.map { id throws(EngineError) in
            try process(ofContainer: id, for: "network")
        }
        facts.ipcProcess = try sharedProcess(record.specification.ipcMode, "IPC")
        facts.pidProcess = try sharedProcess(record.specification.pidMode, "PID")
        if record.specification.initProcess { facts.initProgram = try paths.initProgram() }
        facts.devices = try Devices.lookUp(record.specification)
        return ContainerHome(
            root: .overlay(
                lower: layers + [paths.initLayer], upper: folder + "/upper", work: folder + "/work",
                isTransient: record.specification.autoRemove),
            facts: facts)
    }

    private func sharedProcess(_ mode: String, _ what: String) throws(EngineError) -> Int32? {
        guard mode.hasPrefix("container:") else { return nil }
        return try process(ofContainer: String(mode.dropFirst("container:".count)), for: what)
    }

    private func process(ofContainer id: String, for what: String) throws(EngineError) -> Int32 {
        guard let other = containers[id] else { throw .noSuchContainer(id) }
        guard let run = other.record.state.run else {
            throw EngineError(.conflict, "cannot join \(what) namespace of a non running container: \(id)")
        }
        return run.process
    }
}

/// Devices of the host for a container.
enum Devices {
    static func lookUp(_ specification: ContainerSpecification) throws(EngineError) -> [DeviceNode] {
        var nodes: [DeviceNode] = []
        if specification.security.privileged { nodes = all(below: "/dev") }
        for device in specification.devices {
            let permissions = device.permissions.isEmpty ? "rwm" : device.permissions
            if Files.isDirectory(device.hostPath) {
                for node in all(below: device.hostPath) {
                    var node = node
                    node.path = device.containerPath + node.path.dropFirst(device.hostPath.count)
                    node.permissions = permissions
                    nodes.append(node)
                }
                continue
            }
            guard let node = node(device.hostPath, as: device.containerPath, permissions) else {
                throw EngineError(
                    .internal,
                    "error gathering device information while adding custom device \"\(device.hostPath)\": no such device"
                )
            }
            nodes.append(node)
        }
        return nodes
    }

    private static func node(_ path: String, as target: String, _ permissions: String) -> DeviceNode? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFCHR || kind == S_IFBLK else { return nil }
        let number = UInt64(status.st_rdev)
        return DeviceNode(
            path: target, type: kind == S_IFCHR ? "c" : "b",
            major: Int64((number >> 8) & 0xfff | (number >> 32) & ~0xfff),
            minor: Int64(number & 0xff | (number >> 12) & ~0xff), mode: UInt32(status.st_mode & 0o7777),
            user: status.st_uid, group: status.st_gid, permissions: permissions)
    }

    /// Every device below a folder, without those that each container has of its own.
    private static func all(below folder: String) -> [DeviceNode] {
        let own: Set<String> = [
            "pts", "shm", "fd", "mqueue", "console", "ptmx", "null", "zero", "full", "random", "urandom", "tty",
        ]
        guard let names = try? Files.entries(of: folder) else { return [] }  // a folder that is gone has no devices
        var nodes: [DeviceNode] = []
        for name in names.sorted() where !(folder == "/dev" && own.contains(name)) && !name.hasPrefix(".") {
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: nodes += all(below: path)
            case S_IFCHR, S_IFBLK: if let node = node(path, as: path, "rwm") { nodes.append(node) }
            default: continue
            }
        }
        return nodes
    }
}
