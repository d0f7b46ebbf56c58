internal import Glibc
internal import Linux

/// The bridge's interface, and what is done to its ports.
final class BridgeLink {
    let name: String
    let index: Int32
    /// Its address with the length of the network's prefix.
    let address: IPv4Prefix
    /// Whether it was there before.
    let isTakenOver: Bool
    var pool: AddressPool
    /// Addresses whose container has gone, with the link that the kernel is still taking down.
    var leaving: [IPv4Address: String] = [:]
    private var netlink: NetlinkSocket

    /// Finds the bridge or makes it, in the namespace of the calling thread.
    init(_ configuration: BridgeConfiguration) throws {
        name = configuration.name
        var netlink = try NetlinkSocket()
        // Two daemons that start at the same time must not pick the same network.
        let lock = try NamespaceLock()
        defer { withExtendedLifetime(lock) {} }
        if let found = try BridgeLink.find(configuration, &netlink) {
            (index, address, isTakenOver) = (found.index, found.address, true)
        } else {
            let made = try BridgeLink.make(configuration, &netlink)
            (index, address, isTakenOver) = (made.index, made.address, false)
        }
        pool = AddressPool(address)
        self.netlink = netlink
        do { try bringUp() } catch {
            // Nothing half made stays; the error that matters is the one before.
            if !isTakenOver { try? self.netlink.deleteLink(name) }
            throw error
        }
    }

    private static func find(
        _ configuration: BridgeConfiguration, _ netlink: inout NetlinkSocket
    ) throws -> (index: Int32, address: IPv4Prefix)? {
        guard let link = try netlink.link(named: configuration.name) else { return nil }
        guard link.kind == "bridge" else {
            throw NetworkError(.failed, "interface \(configuration.name) is there and is not a bridge")
        }
        let found = try netlink.addresses().first { $0.interface == link.index }?.address
        if let found, configuration.address == nil || configuration.address == found { return (link.index, found) }
        // Half made, or configured otherwise: who is behind it can't be reached anyway.
        try netlink.deleteLink(configuration.name)
        return nil
    }

    private static func make(
        _ configuration: BridgeConfiguration, _ netlink: inout NetlinkSocket
    ) throws -> (index: Int32, address: IPv4Prefix) {
        let taken = try netlink.routedNetworks() + netlink.addresses().map(\.address)
        guard let chosen = configuration.address ?? DefaultPools.firstFree(besides: taken) else {
            throw NetworkError(.addressTaken, "all predefined address pools have been fully subnetted")
        }
        try netlink.addBridge(
            configuration.name, address: HardwareAddress(for: chosen.address), mtu: configuration.mtu)
        guard let link = try netlink.link(named: configuration.name) else {
            throw SystemError("find the interface", configuration.name, code: ENODEV)
        }
        try netlink.addAddress(chosen, to: link.index)
        return (link.index, chosen)
    }

    /// Up, with the kernel's settings that it needs.
    private func bringUp() throws(SystemError) {
        try netlink.bringUp(name)
        if try Files.readText("/proc/sys/net/ipv4/ip_forward").first != "1" {
            try Files.set("/proc/sys/net/ipv4/ip_forward", "1")
        }
        // So that a published port can be reached from 127.0.0.1; the table keeps containers from the host's loopback.
        try Files.set("/proc/sys/net/ipv4/conf/\(name)/route_localnet", "1")
    }

    /// Puts a link into the network namespace of a process.
    func connect(_ endpoint: Endpoint, toNamespaceOf process: Int32, interface: String) throws(SystemError) {
        try netlink.addVirtualEthernet(
            VirtualEthernet(
                name: endpoint.hostInterface, peerName: interface, peerAddress: endpoint.hardwareAddress,
                namespace: .process(process), mtu: endpoint.mtu), bridge: index)
    }

    /// Makes a tap device that vanishes with the descriptor.
    func openTap(_ endpoint: Endpoint) throws(SystemError) -> Descriptor {
        let tap = try TapDevice.open(name: endpoint.tapInterface)
        try netlink.addPort(endpoint.tapInterface, to: index, mtu: endpoint.mtu)
        try netlink.place(endpoint.hardwareAddress, behind: endpoint.tapInterface)
        return tap
    }

    /// Tells the bridge that a container is in a machine.
    func place(_ endpoint: Endpoint, in machine: Endpoint) throws(SystemError) {
        try netlink.place(endpoint.hardwareAddress, behind: machine.tapInterface)
    }

    /// Takes the lowest free address, but not one behind a link that is still being taken down.
    func takeAddress() -> IPv4Address? {
        leaving = leaving.filter { NetlinkSocket.index(of: $0.value) != nil }
        return pool.take { leaving[$0] == nil }
    }

    /// Removes every port of the bridge but those.
    func removePorts(except kept: Set<String>) throws(SystemError) {
        for link in try netlink.links() where link.master == index && !kept.contains(link.name) {
            try netlink.deleteLink(link.name)
        }
    }

    /// Removes the bridge with what is left of its ports.
    func remove() throws(SystemError) {
        try removePorts(except: [])
        try netlink.deleteLink(name)
    }
}

/// A lock on the network namespace of the calling thread, for as long as this value lives: a lock on the namespace
/// itself, so that no file is left behind.
struct NamespaceLock: ~Copyable {
    private let descriptor: Descriptor

    /// Waits for it.
    init() throws(SystemError) {
        let descriptor = try Descriptor.open("/proc/thread-self/ns/net")
        while flock(descriptor.rawValue, LOCK_EX) != 0 {
            let code = errno
            if code != EINTR { throw SystemError("lock", "the network namespace", code: code) }
        }
        self.descriptor = descriptor
    }
}
