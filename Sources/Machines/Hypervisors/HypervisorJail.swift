internal import Linux
internal import OCI
internal import Wire

/// The container that a hypervisor process runs in: its own namespaces with nothing in them but what it needs.
///
/// ```
/// /                    read-only, nothing but mount points: <runDirectory>/root
/// /usr /lib /lib64     the host's, read-only, where QEMU or virtiofsd are needed: them and their libraries
/// /bulkhead-vmm        read-only
/// /machine/…           kernel, initrd, image: read-only; disk
/// /run/machine         <runDirectory>/vm: the sockets
/// /share, /layers      the shares: empty, until the monitor binds folders into them
/// ```
struct HypervisorJail {
    static let program = "/bulkhead-vmm"
    static let kernel = "/machine/kernel"
    static let initrd = "/machine/initrd"
    static let image = "/machine/image"
    static let disk = "/machine/disk"
    static let sockets = "/run/machine"
    /// What whatever executes the guest becomes once everything is open: nobody.
    static let user = "65534:65534"

    private let configuration: MachineConfiguration
    private let devices: [String]
    /// Whether a QEMU runs in it.
    private let emulates: Bool

    /// `devices`: paths of character devices of the host that it needs.
    init(_ configuration: MachineConfiguration, devices: [String], emulates: Bool) {
        self.configuration = configuration
        self.devices = devices
        self.emulates = emulates
    }

    /// The virtiofsd that is installed, or nil.
    static var shareServer: String? {
        ["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd"].first { Files.exists($0) }
    }

    /// Makes its directories, and says how it is run.
    func launch(_ setup: MachineSetup) throws(MachineError) -> MachineLaunch {
        try makeDirectories()
        // Static programs need no libraries.
        let folders = emulates || !configuration.shares.isEmpty ? ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"] : []
        return MachineLaunch(
            specification: specification(
                arguments: [HypervisorJail.program, "--setup", setup.json.description],
                folders: folders.filter { Files.exists($0) }),
            root: .directory(root),
            guestSocket: sockets + "/guest.sock", controlSocket: sockets + "/control.sock",
            wantsTap: configuration.hardwareAddress != nil)
    }

    /// The jail's root on the host.
    var root: String { configuration.runDirectory + "/root" }
    /// The folder of the sockets on the host.
    var sockets: String { configuration.runDirectory + "/vm" }

    /// Makes both; what an earlier machine has left in the sockets' folder goes.
    func makeDirectories() throws(MachineError) {
        do {
            try Files.makeDirectories(root, mode: 0o755)
            try Files.makeDirectories(sockets, mode: 0o700)
            for name in try Files.entries(of: sockets) { try Files.remove("\(sockets)/\(name)") }
            for folder in ["dev", "etc", "machine", "layers", "proc", "run/machine", "share", "tmp", "usr"] {
                try Files.makeDirectories("\(root)/\(folder)")
            }
        } catch {
            throw MachineError(.failed, "machine \(configuration.id): \(error)")
        }
    }

    /// The OCI configuration: `folders` of the host are there read-only.
    func specification(arguments: [String], folders: [String]) -> RuntimeSpecification {
        var specification = RuntimeSpecification()
        specification.root = RuntimeRoot(path: root)
        specification.hostname = "machine"
        specification.process = process(arguments)
        specification.mounts = mounts(folders)
        specification.linux.namespaces = [.init(.mount), .init(.pid), .init(.network), .init(.ipc), .init(.uts)]
        specification.linux.cgroupsPath = configuration.cgroupsPath
        specification.linux.resources = resources
        specification.linux.devices = devices.compactMap(node)
        return specification
    }

    private func process(_ arguments: [String]) -> RuntimeProcess {
        var process = RuntimeProcess()
        process.arguments = arguments
        process.environment = ["PATH=/usr/bin:/usr/sbin", "TMPDIR=/tmp"]
        process.noNewPrivileges = true
        process.capabilities = RuntimeCapabilities(capabilities)
        // virtiofsd holds a descriptor for every file that the guest knows. Raising the hard limit needs a capability
        // that root may not have.
        if let limit = try? Privilege.limit(Privilege.limitNumber(named: "RLIMIT_NOFILE") ?? 7) {
            process.limits = [.init(type: "RLIMIT_NOFILE", soft: limit.hard, hard: limit.hard)]
        }
        return process
    }

    private var capabilities: [String] {
        // To become another user.
        var names: Set = ["CAP_SETGID", "CAP_SETUID"]
        // To end a QEMU that has become one.
        if emulates { names.formUnion(["CAP_KILL", "CAP_DAC_OVERRIDE"]) }
        if configuration.share || configuration.layers {
            // virtiofsd acts as the guest's users do, in files of the host; it gives up what it does not need, and ends
            // where it does not have what it needs.
            names.formUnion([
                "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_MKNOD",
                "CAP_SETFCAP", "CAP_SETPCAP", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT",
            ])
        }
        return names.sorted()
    }

    private func mounts(_ folders: [String]) -> [RuntimeMount] {
        var mounts = [
            RuntimeMount(
                destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
            RuntimeMount(
                destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"]),
            RuntimeMount(
                destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "size=16m"]),
        ]
        mounts += folders.map { bind($0, $0, readOnly: true) }
        mounts += [
            bind(configuration.helpers + "/bulkhead-vmm", HypervisorJail.program, readOnly: true),
            bind(configuration.kernel.kernelPath, HypervisorJail.kernel, readOnly: true),
            bind(configuration.kernel.initrdPath, HypervisorJail.initrd, readOnly: true),
            bind(sockets, HypervisorJail.sockets, readOnly: false),
        ]
        if let image = configuration.imagePath { mounts.append(bind(image, HypervisorJail.image, readOnly: true)) }
        if let disk = configuration.diskPath { mounts.append(bind(disk, HypervisorJail.disk, readOnly: false)) }
        for share in configuration.shares {
            mounts.append(
                RuntimeMount(
                    destination: share.folder, type: "tmpfs", source: "tmpfs",
                    options: ["mode=755", "size=1m"]))
        }
        return mounts
    }

    private func bind(_ source: String, _ destination: String, readOnly: Bool) -> RuntimeMount {
        RuntimeMount(
            destination: destination, source: source,
            options: ["bind", readOnly ? "ro" : "rw", "nosuid", "nodev", "rprivate"])
    }

    private var resources: RuntimeResources {
        var resources = RuntimeResources()
        // Beyond the guest's memory: QEMU itself and the code that it translates, or our own; virtiofsd.
        let own: UInt64 = emulates ? 256 << 20 : 32 << 20
        resources.memory.limit = Int64(
            clamping: configuration.memory + own + (configuration.shares.isEmpty ? 0 : 64 << 20))
        resources.processes = 512
        resources.devices = [.init(allow: false)]
        // Files of devices may be made (the guest's, in a volume), only these used.
        for type in ["c", "b"] { resources.devices.append(.init(allow: true, type: type, access: "m")) }
        for (major, minor) in [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2)] as [(Int64, Int64)] {
            resources.devices.append(.init(allow: true, type: "c", major: major, minor: minor))
        }
        for device in devices.compactMap(node) {
            resources.devices.append(
                .init(
                    allow: true, type: "c", major: Int64(device.major), minor: Int64(device.minor), access: "rw"))
        }
        return resources
    }

    private func node(_ path: String) -> RuntimeDevice? {
        guard let status = FileStatus(path), status.kind == .characterDevice else { return nil }
        let number = status.deviceNumber
        let major = UInt32(truncatingIfNeeded: (number >> 8) & 0xFFF)
        let minor = UInt32(truncatingIfNeeded: (number & 0xFF) | ((number >> 12) & 0xFFF00))
        return RuntimeDevice(type: "c", path: path, major: major, minor: minor, mode: 0o600)
    }
}
