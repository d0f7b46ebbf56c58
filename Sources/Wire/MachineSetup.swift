/// All that bulkhead-vmm is told about the machine that it is, or supervises. Paths are as it sees them, in its jail.
///
/// It gets the JSON of this value as the argument of `--setup`.
public struct MachineSetup: Sendable, Equatable {
    /// What executes the guest's instructions: `kvm` or `tcg`.
    public var accelerator: String
    /// The QEMU program; nil: bulkhead-vmm itself is the machine, on KVM.
    public var emulator: String?
    /// Virtual processors.
    public var processors: Int
    /// Bytes of memory that the guest sees.
    public var memory: UInt64
    /// An uncompressed kernel with a PVH entry.
    public var kernel: String
    /// Its first file system.
    public var initrd: String
    /// Its command line.
    public var commandLine: String
    /// The read-only block image, or nil for none.
    public var image: String?
    /// The writable disk, or nil for none.
    public var disk: String?
    /// The folders that are shared with the guest.
    public var shares: [SharedFolder] = []
    /// The virtiofsd program.
    public var shareServer: String?
    /// The hardware address of the network interface, or nil for none.
    public var hardwareAddress: String?
    /// The descriptor of the tap device that the interface is connected to.
    public var tap: Int32?
    /// `uid:gid` that whatever executes the guest changes to once everything is open, or nil to stay.
    public var user: String?
    /// Where connections to the guest's agent are accepted.
    public var guestSocket: String
    /// Where bulkhead-vmm itself is asked.
    public var controlSocket: String
    /// Seconds within which the guest's agent must be ready.
    public var bootDeadline = 60

    /// The name of the virtio port that the agent finds its link on.
    public static let portName = "org.bulkhead.guest"
    /// The serial of the block device that is the read-only image.
    public static let imageSerial = "image"
    /// The serial of the block device that is the writable disk.
    public static let diskSerial = "disk"
    /// The tag of the shared folder with what changes: binds and volumes.
    public static let shareTag = "share"
    /// The tag of the shared folder with what never changes: layers of images.
    public static let layersTag = "layers"

    /// A folder that is shared with the guest.
    public struct SharedFolder: Sendable, Equatable {
        /// By which the guest finds it.
        public var tag: String
        /// Where it is.
        public var folder: String
        /// Whether what is in it never changes: the guest may keep what it has read.
        public var isConstant: Bool

        /// Creates it.
        public init(tag: String, folder: String, isConstant: Bool) {
            self.tag = tag
            self.folder = folder
            self.isConstant = isConstant
        }
    }

    /// Creates a setup without devices.
    public init(
        accelerator: String, emulator: String?, processors: Int, memory: UInt64, kernel: String, initrd: String,
        commandLine: String, guestSocket: String, controlSocket: String
    ) {
        self.accelerator = accelerator
        self.emulator = emulator
        self.processors = processors
        self.memory = memory
        self.kernel = kernel
        self.initrd = initrd
        self.commandLine = commandLine
        self.guestSocket = guestSocket
        self.controlSocket = controlSocket
    }

    /// The file beside the guest socket in which bulkhead-vmm says, in one line, why the machine ended; it is there
    /// before the socket's connections end.
    public static func reasonPath(guestSocket: String) -> String { guestSocket + ".reason" }
}

/// How a machine ended: the exit code of bulkhead-vmm.
public enum MachineEnd: Int32, Sendable, CaseIterable {
    /// The guest powered itself off, asked to or not.
    case poweredOff = 0
    /// The setup makes no sense.
    case usage = 64
    /// The hypervisor or one of its helpers could not be started.
    case notStarted = 70
    /// The guest's kernel panicked.
    case panicked = 71
    /// The guest reset itself without a word.
    case reset = 72
    /// The agent was not ready in time.
    case hung = 73
    /// The hypervisor, or the server of the shared folder, ended or was killed.
    case killed = 74
    /// It was asked to power off, and had to be ended by force.
    case forced = 75

    /// What became of the machine, in a few words.
    public var reason: String {
        switch self {
        case .poweredOff: "the machine was powered off"
        case .usage: "the machine's setup is wrong"
        case .notStarted: "the hypervisor could not be started"
        case .panicked: "the guest's kernel panicked"
        case .reset: "the guest reset itself"
        case .hung: "the guest's agent was not ready in time"
        case .killed: "the hypervisor was killed"
        case .forced: "the machine did not power off in time"
        }
    }
}
