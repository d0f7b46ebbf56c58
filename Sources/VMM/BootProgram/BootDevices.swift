internal import Linux

/// The devices of a machine that is tried by hand, and what must stay for as long as it runs.
final class BootDevices {
    /// Persistent memory, mapped until the machine is gone.
    private final class Mapping {
        let mapping: PmemMapping
        init(_ mapping: consuming PmemMapping) { self.mapping = mapping }
    }

    /// In the order in which the guest finds them.
    private(set) var devices: [any VirtioDevice] = []
    /// Where the persistent memories are.
    private(set) var regions: [MappedRegion] = []
    private(set) var balloon: BalloonDevice?
    private var mappings: [Mapping] = []
    private var sockets: [String] = []

    /// Makes them.
    ///
    /// - Throws: ``VMMError``; sockets that were made are removed then.
    init(_ arguments: BootArguments, memory: borrowing GuestMemoryMapping) throws(VMMError) {
        do throws(SystemError) {
            for (index, disk) in arguments.disks.enumerated() { devices.append(try BootDevices.block(disk, index)) }
            var free = memory.memory.firstFreeAddress
            for file in arguments.persistentMemories { try add(file, at: &free) }
            for network in arguments.networks { devices.append(try BootDevices.net(network)) }
            if let sockets = arguments.sockets {
                devices.append(
                    try VsockDevice(
                        guestContext: sockets.context, path: sockets.prefix, listener: try listen(sockets.prefix),
                        thread: try IOThread("vsock")))
            }
            if !arguments.ports.isEmpty { devices.append(try console(arguments.ports)) }
            if arguments.hasBalloon {
                let backing = memory.backing
                let balloon = BalloonDevice(thread: try IOThread("balloon")) { address, count throws(SystemError) in
                    try backing.release(address, count: count)
                }
                self.balloon = balloon
                devices.append(balloon)
            }
            devices.append(EntropyDevice(thread: try IOThread("entropy")))
        } catch {
            removeSockets()
            throw VMMError(error)
        }
        for share in arguments.shares { try add(share, memory) }
    }

    deinit { removeSockets() }

    private static func block(_ disk: BootArguments.Disk, _ index: Int) throws(SystemError) -> BlockDevice {
        let descriptor = try Descriptor.open(disk.path, disk.isReadOnly ? .readOnly : .readWrite)
        let file = try BlockFile(descriptor, readOnly: disk.isReadOnly, direct: disk.isDirect)
        var threads: [IOThread] = []
        for queue in 0..<disk.queues { threads.append(try IOThread("disk\(index).\(queue)")) }
        return BlockDevice(file, serial: "disk\(index)", threads: threads)
    }

    private static func net(_ network: BootArguments.Network) throws(SystemError) -> NetDevice {
        let tap = try TapDevice.open(name: network.tap)
        return try NetDevice(
            taps: [tap.release()], hardwareAddress: network.hardwareAddress, threads: [try IOThread(network.tap)])
    }

    private func add(_ memory: BootArguments.PersistentMemory, at free: inout UInt64) throws(SystemError) {
        let file = try Descriptor.open(memory.path, memory.isReadOnly ? .readOnly : .readWrite)
        let kept = Mapping(try PmemMapping(file, readOnly: memory.isReadOnly))
        devices.append(try PmemDevice(kept.mapping, address: free, thread: try IOThread("pmem\(mappings.count)")))
        regions.append(
            // unsafe because the mapping is kept until this object goes, which outlives the machine
            unsafe MappedRegion(
                address: free, count: kept.mapping.count, base: kept.mapping.base, isReadOnly: memory.isReadOnly))
        free += kept.mapping.count
        mappings.append(kept)
    }

    private func console(_ ports: [BootArguments.Named]) throws(SystemError) -> ConsoleDevice {
        let console = try ConsoleDevice(ports: ports.count, thread: try IOThread("console"))
        for port in ports {
            let setup = ConsolePortSetup(
                name: port.name, isConsole: port.name == "console", end: .listener(try listen(port.socket)))
            try console.add(setup)
        }
        return console
    }

    private func add(_ share: BootArguments.Named, _ memory: borrowing GuestMemoryMapping) throws(VMMError) {
        do {
            let socket = try UnixSocket.connect(share.socket)
            devices.append(
                try FileSystemDevice(
                    tag: share.name, socket: socket, memoryFile: try memory.shareFile(), thread: try IOThread("share")))
        } catch {
            removeSockets()
            throw VMMError(.system, "\(error)")
        }
    }

    private func listen(_ path: String) throws(SystemError) -> Descriptor {
        let listener = try UnixSocket.listen(path)
        sockets.append(path)
        return listener
    }

    private func removeSockets() {
        // One that somebody else has removed already is not missed.
        for path in sockets { try? Files.remove(path) }
        sockets = []
    }
}
