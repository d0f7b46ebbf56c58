internal import Linux
internal import Wire

/// The virtio devices of a machine on KVM, as its setup asks for them; the guest finds the same as QEMU's would.
struct KVMDevices {
    /// One of them, by the name that messages call it.
    struct Entry {
        let name: String
        /// Whether the machine is of no use without it.
        let isVital: Bool
        let device: any VirtioDevice
    }

    /// In the order in which the guest finds them.
    private(set) var entries: [Entry] = []
    private(set) var disks: [BlockDevice] = []
    private(set) var network: NetDevice?
    let balloon: BalloonDevice

    /// Makes them.
    ///
    /// - Parameters:
    ///   - image: the read-only disk.
    ///   - disk: the writable one.
    ///   - tap: the network's; it is the device's from now on.
    ///   - port: the guest's end of the link to its agent.
    ///   - shares: connections to the servers of the shared folders, in their order; they stay the caller's to close.
    init(
        _ setup: MachineSetup, image: BlockFile?, disk: BlockFile?, tap: consuming Descriptor?,
        port: consuming Descriptor, shares: [Int32], memory: borrowing GuestMemoryMapping
    ) throws(VMMError) {
        do {
            // The small ones have little to do: they share a thread.
            let thread = try IOThread("devices")
            let backing = memory.backing
            balloon = BalloonDevice(thread: thread) { (address, count) throws(SystemError) in
                try backing.release(address, count: count)
            }
            let console = try ConsoleDevice(ports: 1, thread: thread)
            try console.add(ConsolePortSetup(name: MachineSetup.portName, end: .stream(port)))
            add("console", console)
            if let image { try add(disk: image, serial: MachineSetup.imageSerial) }
            if let disk { try add(disk: disk, serial: MachineSetup.diskSerial) }
            if let tap = tap.take(), let address = setup.hardwareAddress {
                guard let address = HardwareAddress(address) else {
                    throw VMMError(.configuration, "\(address) is no hardware address")
                }
                let network = try NetDevice(
                    taps: [tap.release()], hardwareAddress: address, threads: [try IOThread("net")])
                add("net", network, isVital: false)
                self.network = network
            }
            for (share, socket) in zip(setup.shares, shares) {
                add(
                    "share \(share.tag)",
                    try FileSystemDevice(
                        tag: share.tag, socket: try Descriptor.duplicating(socket), memoryFile: memory.file,
                        thread: thread))
            }
            add("entropy", EntropyDevice(thread: thread), isVital: false)
            add("balloon", balloon, isVital: false)
        } catch let error as VMMError {
            throw error
        } catch {
            throw VMMError(.system, "\(error)")
        }
    }

    private mutating func add(disk file: BlockFile, serial: String) throws(SystemError) {
        let disk = BlockDevice(file, serial: serial, threads: [try IOThread(serial)])
        disks.append(disk)
        add(serial, disk)
    }

    private mutating func add(_ name: String, _ device: any VirtioDevice, isVital: Bool = true) {
        entries.append(Entry(name: name, isVital: isVital, device: device))
    }
}
