internal import Linux

/// What `bulkhead-vmm --boot` is told: the machine that is to be tried.
struct BootArguments: Equatable {
    /// A block device.
    struct Disk: Equatable {
        var path: String
        var isReadOnly = false
        /// Goes around the host's page cache.
        var isDirect = false
        var queues = 1
    }

    /// A file as persistent memory.
    struct PersistentMemory: Equatable {
        var path: String
        var isReadOnly = false
    }

    /// A network card.
    struct Network: Equatable {
        var tap: String
        var hardwareAddress: HardwareAddress
    }

    /// The socket device.
    struct Sockets: Equatable {
        var context: UInt64
        /// Where programs of the host connect; `<prefix>_<port>` is where the guest connects to.
        var prefix: String
    }

    /// A shared folder, or a port of the console: a name, and a socket of the host's.
    struct Named: Equatable {
        var name: String
        var socket: String
    }

    static let usage = """
        usage: bulkhead-vmm --boot KERNEL [OPTION…]
          --initrd FILE                    its first file system
          --command-line TEXT              what the kernel is told ("console=ttyS0" shows it here)
          --memory MIB                     256 if not given
          --processors N                   1 if not given
          --disk FILE[,ro][,direct][,queues=N]
          --pmem FILE[,ro]                 as persistent memory
          --tap NAME[,MAC]                 a network card on the host's tap device NAME
          --vsock CID:PATH                 connect to PATH and say "CONNECT port"; the guest reaches PATH_<port>
          --share TAG:SOCKET               a folder, of the vhost-user server (virtiofsd) that listens there
          --console NAME:SOCKET            a port for a program that connects there; NAME "console" is hvc0
          --balloon                        takes memory back, also what the guest has freed
          --no-serial                      no serial port: writing to it is slow
        Lines on standard input: power-button, balloon MIB, pause, resume, statistics, stop.
        """

    private(set) var kernel: String
    private(set) var initrd: String?
    private(set) var commandLine = ""
    private(set) var mebibytes: UInt64 = 256
    private(set) var processors: UInt32 = 1
    private(set) var disks: [Disk] = []
    private(set) var persistentMemories: [PersistentMemory] = []
    private(set) var networks: [Network] = []
    private(set) var sockets: Sockets?
    private(set) var shares: [Named] = []
    private(set) var ports: [Named] = []
    private(set) var hasBalloon = false
    private(set) var hasSerialPort = true

    /// Reads the words behind `--boot`.
    ///
    /// - Throws: ``VMMError`` that names the word that is wrong.
    init(_ words: some Sequence<String>) throws(VMMError) {
        var rest = Array(words)[...]
        guard let kernel = rest.popFirst(), !kernel.hasPrefix("--") else {
            throw VMMError(.configuration, "--boot needs a kernel's file")
        }
        self.kernel = kernel
        while let option = rest.popFirst() {
            switch option {
            case "--balloon": hasBalloon = true
            case "--no-serial": hasSerialPort = false
            default:
                guard let value = rest.popFirst() else {
                    throw VMMError(.configuration, "\(option): unknown, or its value is missing")
                }
                guard try set(option, value) else { throw VMMError(.configuration, "\(option): no such option") }
            }
        }
    }

    /// Takes an option with a value; false for one that there is not.
    private mutating func set(_ option: String, _ value: String) throws(VMMError) -> Bool {
        let wrong = VMMError(.configuration, "\(option) \(value): not understood")
        switch option {
        case "--initrd": initrd = value
        case "--command-line": commandLine = value
        case "--memory":
            guard let number = UInt64(value), (1..<1 << 24).contains(number) else { throw wrong }
            mebibytes = number
        case "--processors":
            guard let number = UInt32(value) else { throw wrong }
            processors = number
        case "--disk": disks.append(try BootArguments.disk(value, wrong))
        case "--pmem":
            let parts = BootArguments.split(value)
            guard parts.flags.allSatisfy({ $0 == "ro" }) else { throw wrong }
            persistentMemories.append(.init(path: parts.path, isReadOnly: !parts.flags.isEmpty))
        case "--tap": networks.append(try BootArguments.network(value, number: networks.count, wrong))
        case "--vsock":
            guard sockets == nil, let named = BootArguments.named(value), let context = UInt64(named.name) else {
                throw wrong
            }
            sockets = Sockets(context: context, prefix: named.socket)
        case "--share", "--console":
            guard let named = BootArguments.named(value) else { throw wrong }
            if option == "--share" { shares.append(named) } else { ports.append(named) }
        default: return false
        }
        return true
    }

    private static func disk(_ value: String, _ wrong: VMMError) throws(VMMError) -> Disk {
        let parts = split(value)
        var disk = Disk(path: parts.path)
        for flag in parts.flags {
            switch flag {
            case "ro": disk.isReadOnly = true
            case "direct": disk.isDirect = true
            default:
                guard flag.hasPrefix("queues="), let queues = Int(flag.dropFirst(7)), (1...32).contains(queues) else {
                    throw wrong
                }
                disk.queues = queues
            }
        }
        return disk
    }

    /// Without an address a card has one of those that nobody else administers, by its number.
    private static func network(_ value: String, number: Int, _ wrong: VMMError) throws(VMMError) -> Network {
        let parts = split(value)
        let address =
            switch parts.flags.count {
            case 0: HardwareAddress(bytes: [0x02, 0x62, 0x6B, 0, 0, UInt8(truncatingIfNeeded: number)])
            case 1: HardwareAddress(parts.flags[0])
            default: nil as HardwareAddress?
            }
        guard let address else { throw wrong }
        return Network(tap: parts.path, hardwareAddress: address)
    }

    /// `path[,flag]…`
    private static func split(_ value: String) -> (path: String, flags: [String]) {
        let parts = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return (parts[0], Array(parts.dropFirst()))
    }

    /// `name:socket`
    private static func named(_ value: String) -> Named? {
        let parts = value.split(separator: ":", maxSplits: 1).map(String.init)
        return parts.count == 2 ? Named(name: parts[0], socket: parts[1]) : nil
    }
}
