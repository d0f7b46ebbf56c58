/// A virtual machine as the engine wants it, whichever hypervisor drives it. Paths are the host's.
public struct MachineConfiguration: Sendable, Equatable {
    /// The machine's identifier, 64 hexadecimal digits; also that of its jail.
    public var id: String
    /// Virtual processors.
    public var processors = 1
    /// Bytes of memory that the guest sees.
    public var memory: UInt64 = 512 << 20
    /// What it boots.
    public var kernel: GuestKernel
    /// A read-only block image (EROFS) that the guest finds at /run/bulkhead/image; nil: none.
    public var imagePath: String?
    /// The writable disk (ext4) that the guest finds at /run/bulkhead/disk; nil: none.
    public var diskPath: String?
    /// Whether there is a shared folder for what changes on the host: what the jail has in
    /// ``MachineLaunch/shareTarget``, the guest has at /run/bulkhead/share.
    public var share = false
    /// Whether there is a shared folder for what never changes: what the jail has in ``MachineLaunch/layersTarget``,
    /// the guest has at /run/bulkhead/layers. It keeps what it has read of it.
    public var layers = false
    /// The hardware address of its network interface, `02:42:ac:11:00:02`, or nil for a machine without one. With one,
    /// the jail's first inherited descriptor is the tap device.
    public var hardwareAddress: String?
    /// A directory of the machine's own below the exec-root: sockets and the jail's root are made in it.
    public var runDirectory: String
    /// The cgroup of the hypervisor process, below the root of every hierarchy.
    public var cgroupsPath: String
    /// The folder that has bulkhead-vmm.
    public var helpers: String
    /// Further words of the kernel's command line.
    public var kernelOptions: [String] = []
    /// Seconds within which the guest's agent must be ready; after them the machine ends with a reason.
    public var bootDeadline = 120

    /// A machine with the default size, without disks, share and network.
    public init(id: String, kernel: GuestKernel, runDirectory: String, cgroupsPath: String, helpers: String) {
        self.id = id
        self.kernel = kernel
        self.runDirectory = runDirectory
        self.cgroupsPath = cgroupsPath
        self.helpers = helpers
    }
}

/// A kernel that a hypervisor enters directly, and its first file system.
public struct GuestKernel: Sendable, Equatable {
    /// An uncompressed ELF kernel with a PVH entry.
    public var kernelPath: String
    /// A cpio archive with `/init` (the agent), its modules and `/modules.order`.
    public var initrdPath: String
    /// As `uname -r` will print it in the guest.
    public var release: String

    /// Creates it.
    public init(kernelPath: String, initrdPath: String, release: String) {
        self.kernelPath = kernelPath
        self.initrdPath = initrdPath
        self.release = release
    }
}
