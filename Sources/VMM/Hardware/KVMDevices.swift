internal import Glibc
internal import Linux
internal import Wire

/// The virtio devices of a machine on KVM, as its setup asks for them. The guest finds the same as in QEMU, but for the
/// image, which is memory here, and no disk.
struct KVMDevices {
    /// One of them, by the name that messages call it.
    struct Entry {
        let name: String
        /// Whether the machine is of no use without it.
        let isVital: Bool
        let device: any VirtioDevice
        /// What it has done so far, by name.
        let counters: @Sendable () -> [String: UInt64]
    }

    /// In the order in which the guest finds them.
    private(set) var entries: [Entry] = []
    private(set) var disk: BlockDevice?
    private(set) var network: NetDevice?
    let balloon: BalloonDevice
    private(set) var image: ImageMemory?

    /// Makes them.
    ///
    /// - Parameters:
    ///   - file: the image.
    ///   - diskFile: the disk.
    ///   - tap: the network's; it is the device's from now on.
    ///   - port: the guest's end of the link to its agent.
    ///   - shares: connections to the servers of the shared folders, in their order; they stay the caller's to close.
    init(
        _ setup: MachineSetup, image file: consuming Descriptor?, disk diskFile: BlockFile?, tap: consuming Descriptor?,
        port: consuming Descriptor, shares: [Int32], memory: borrowing GuestMemoryMapping
    ) throws(VMMError) {
        do {
            // The small ones have little to do: they share a thread.
            let thread = try KVMDevices.thread("devices")
            let backing = memory.backing
            balloon = BalloonDevice(thread: thread) { (address, count) throws(SystemError) in
                try backing.release(address, count: count)
            }
            let console = try ConsoleDevice(ports: 1, thread: thread)
            try console.add(ConsolePortSetup(name: MachineSetup.portName, end: .stream(port)))
            add("console", console) { console.counters.byName }
            if let file = file.take() {
                let image = try ImageMemory(file, behind: memory.memory)
                let device = try image.device(thread: thread)
                add("image", device) { device.counters.byName }
                self.image = image
            }
            if let file = diskFile {
                let disk = BlockDevice(file, serial: MachineSetup.diskSerial, threads: [try KVMDevices.thread("disk")])
                add("disk", disk) { disk.counters.byName }
                self.disk = disk
            }
            if let tap = tap.take(), let address = setup.hardwareAddress {
                guard let address = HardwareAddress(address) else {
                    throw VMMError(.configuration, "\(address) is no hardware address")
                }
                let network = try NetDevice(
                    taps: [tap.release()], hardwareAddress: address, threads: [try KVMDevices.thread("net")])
                add("net", network, isVital: false) { network.countersByName }
                self.network = network
            }
            for (share, socket) in zip(setup.shares, shares) {
                add(
                    "share \(share.tag)",
                    try FileSystemDevice(
                        tag: share.tag, socket: try Descriptor.duplicating(socket), memoryFile: try memory.shareFile(),
                        thread: thread))
            }
            let entropy = EntropyDevice(thread: thread)
            add("entropy", entropy, isVital: false) { entropy.counters.byName }
            let balloon = balloon
            add("balloon", balloon, isVital: false) { balloon.countersByName }
        } catch let error as VMMError {
            throw error
        } catch {
            throw VMMError(.system, "\(error)")
        }
    }

    /// An I/O thread behind its wall.
    private static func thread(_ name: String) throws(SystemError) -> IOThread {
        let process = getpid()
        return try IOThread(name) { () throws(SystemError) in try CallFilter.device(process: process).install() }
    }

    private mutating func add(
        _ name: String, _ device: any VirtioDevice, isVital: Bool = true,
        counters: @escaping @Sendable () -> [String: UInt64] = { [:] }
    ) {
        entries.append(Entry(name: name, isVital: isVital, device: device, counters: counters))
    }
}
