internal import Linux
internal import Wire

/// The machine's own network: its interface to the host, and the bridge over it to which containers are connected.
struct GuestNetwork {
    private static let bridge = "br0"
    private static let uplink = "eth0"
    private var bridgeIndex: Int32?
    private var count = 0

    /// Configures the machine's interface for a container that has the machine to itself, or makes a pair of interfaces
    /// between the bridge and the network namespace of a container's first process.
    ///
    /// - Returns: the interfaces that are to be configured in that namespace.
    mutating func connect(_ interfaces: [InterfaceSetup], of process: Int32) throws(SystemError) -> [InterfaceSetup] {
        var socket = try NetlinkSocket()
        var left: [InterfaceSetup] = []
        for interface in interfaces {
            if interface.guestBridge {
                try connect(interface, of: process, &socket)
                left.append(interface)
            } else {
                try GuestNetwork.configure(interface, &socket)
            }
        }
        return left
    }

    private static func configure(_ interface: InterfaceSetup, _ socket: inout NetlinkSocket) throws(SystemError) {
        guard let address = HardwareAddress(interface.hardwareAddress) else {
            throw SystemError("read the hardware address", interface.hardwareAddress, code: 22)
        }
        var addresses: [IPv4Prefix] = []
        for text in interface.addresses {
            guard let prefix = IPv4Prefix(text) else { throw SystemError("read the address", text, code: 22) }
            addresses.append(prefix)
        }
        try socket.configureInterface(
            name: interface.name, hardwareAddress: address, addresses: addresses, mtu: UInt32(clamping: interface.mtu),
            gateway: interface.gateway.flatMap { IPv4Address($0) })
    }

    private mutating func connect(
        _ interface: InterfaceSetup, of process: Int32, _ socket: inout NetlinkSocket
    ) throws(SystemError) {
        let bridge = try findBridge(&socket)
        count += 1
        try socket.addVirtualEthernet(
            VirtualEthernet(
                name: "veth\(count)", peerName: interface.name,
                peerAddress: HardwareAddress(interface.hardwareAddress), namespace: .process(process),
                mtu: UInt32(clamping: interface.mtu)),
            bridge: bridge)
    }

    /// The bridge over the machine's interface, made for the first container.
    private mutating func findBridge(_ socket: inout NetlinkSocket) throws(SystemError) -> Int32 {
        if let bridgeIndex { return bridgeIndex }
        if try socket.link(named: GuestNetwork.bridge) == nil { try socket.addBridge(GuestNetwork.bridge) }
        guard let bridge = try socket.link(named: GuestNetwork.bridge)?.index else {
            throw SystemError("find the interface", GuestNetwork.bridge, code: 19)
        }
        try socket.addPort(GuestNetwork.uplink, to: bridge)
        try socket.bringUp(GuestNetwork.bridge)
        bridgeIndex = bridge
        return bridge
    }
}
