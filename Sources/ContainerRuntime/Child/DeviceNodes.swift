internal import Glibc
internal import Linux
internal import OCI

/// The device nodes of a container.
struct DeviceNodes {
    let devices: [RuntimeDevice]

    /// What every container has (OCI runtime specification, "Default Devices").
    private static let usual: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]

    private static let links = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ]

    init(_ devices: [RuntimeDevice]) { self.devices = devices }

    /// The paths of all of them but the pipes, which are the same on the host.
    var paths: [String] {
        DeviceNodes.usual.map { "/dev/\($0.name)" } + devices.filter { $0.type != "p" }.map { $0.path }
    }

    /// Makes them all. A /dev that is bound from the host is left as it is.
    ///
    /// In a user namespace none can be made: there the host's are bound, of which `host` has those that it takes the
    /// host's rights to reach.
    func make(
        in root: borrowing RootDirectory, mounts: [MountPlan], host: borrowing HostMounts
    ) throws(SystemError) {
        let bound = mounts.contains {
            if case .bind = $0.kind { $0.destination == "/dev" || $0.destination == "/dev/" } else { false }
        }
        if bound { return }
        let directory = try root.makeDirectories("/dev")
        let writable = try directory.open(at: ".", .directory)
        for device in DeviceNodes.usual {
            if let node = try host.device("/dev/\(device.name)") {
                try Mount.attach(node, on: try root.makeFile("/dev/\(device.name)"))
                continue
            }
            try DeviceNodes.make(
                RuntimeDevice(type: "c", path: "/dev/\(device.name)", major: device.major, minor: device.minor),
                in: directory, name: device.name, root)
        }
        for (name, target) in DeviceNodes.links { try RootDirectory.makeLink(in: writable, name: name, to: target) }
        if mounts.contains(where: { $0.destination == "/dev/pts" }) {
            try RootDirectory.replaceWithLink(in: writable, name: "ptmx", to: "pts/ptmx")
        }
        for device in devices {
            guard device.path.hasPrefix("/") else { throw SystemError("make the device", device.path, code: EINVAL) }
            if let node = try host.device(device.path) {
                try Mount.attach(node, on: try root.makeFile(device.path))
                continue
            }
            let (parent, name) = RootDirectory.split(device.path)
            let directory = try root.makeDirectories(parent)
            try DeviceNodes.make(device, in: directory, name: name, root)
        }
    }

    private static func make(
        _ device: RuntimeDevice, in directory: borrowing Descriptor, name: String, _ root: borrowing RootDirectory
    ) throws(SystemError) {
        let kind: FileStatus.Kind =
            switch device.type {
            case "b": .blockDevice
            case "p": .pipe
            default: .characterDevice
            }
        do throws(SystemError) {
            try RootDirectory.makeNode(
                in: directory, name: name, kind: kind, permissions: device.mode & 0o7777, major: device.major,
                minor: device.minor)
        } catch  where error.code == EEXIST {
            // An image may bring its own; what it brings must be the same device.
            guard let found = try root.find(device.path) else { throw error }
            let status = try FileStatus(of: found.rawValue)
            guard status.kind == kind,
                kind == .pipe || status.deviceNumber == RootDirectory.deviceNumber(device.major, device.minor)
            else { throw error }
            return
        } catch  where error.code == EPERM && kind != .pipe {
            return try bind(device, kind, root)
        }
        if device.uid != 0 || device.gid != 0 {
            try RootDirectory.setOwner(in: directory, name: name, user: device.uid, group: device.gid)
        }
    }

    /// The host's node in place of one that can't be made.
    private static func bind(
        _ device: RuntimeDevice, _ kind: FileStatus.Kind, _ root: borrowing RootDirectory
    ) throws(SystemError) {
        guard let status = FileStatus(device.path), status.kind == kind,
            status.deviceNumber == RootDirectory.deviceNumber(device.major, device.minor)
        else {
            throw SystemError(
                "linux.devices: make \(device.path), which takes the host's superuser or the same device there",
                code: EPERM)
        }
        let node = try Mount.cloneTree(at: device.path, recursive: false)
        try Mount.attach(node, on: try root.makeFile(device.path))
    }
}
