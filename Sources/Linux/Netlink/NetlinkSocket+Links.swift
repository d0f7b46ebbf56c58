internal import Glibc

extension NetlinkSocket {
    /// The interface of that name, or nil.
    public mutating func link(named name: String) throws(SystemError) -> NetlinkLink? {
        let request = NetlinkMessage.link(NetlinkType.getLink, flags: 0, operation: "find the interface", name: name)
        do {
            return try answers(to: request, dump: false).lazy.compactMap { NetlinkLink($0) }.first
        } catch  where error.code == ENODEV {
            return nil
        }
    }

    /// All interfaces of the namespace.
    public mutating func links() throws(SystemError) -> [NetlinkLink] {
        var request = NetlinkMessage(
            NetlinkType.getLink, flags: NetlinkFlag.dump, operation: "list the interfaces", object: "")
        request.appendLinkHeader()
        return try answers(to: request, dump: true).compactMap { NetlinkLink($0) }
    }

    /// The interface with that hardware address, or nil.
    public mutating func link(with address: HardwareAddress) throws(SystemError) -> NetlinkLink? {
        try links().first { $0.hardwareAddress == address }
    }

    /// Makes a bridge without the spanning tree protocol, so that a port forwards at once, and without an IPv6 address.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - address: Its hardware address; without one it takes the lowest of its ports', which changes as they come
    ///     and go.
    ///   - mtu: The largest packet, or nil for the kernel's default.
    public mutating func addBridge(
        _ name: String, address: HardwareAddress? = nil, mtu: UInt32? = nil
    ) throws(SystemError) {
        var request = NetlinkMessage.link(
            NetlinkType.newLink, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.exclusive,
            operation: "make the bridge", name: name)
        if let mtu { request.append(LinkAttribute.mtu, number: mtu) }
        if let address { request.append(LinkAttribute.address, address.bytes) }
        request.nest(LinkAttribute.information) { information in
            information.append(LinkAttribute.kind, "bridge")
            information.nest(LinkAttribute.data) {
                $0.append(LinkAttribute.bridgeForwardDelay, number: UInt32(0))
                $0.append(LinkAttribute.bridgeSpanningTree, number: UInt32(0))
                $0.append(LinkAttribute.bridgeMulticastSnooping, number: UInt8(0))
            }
        }
        try perform([request, .withoutLinkLocalAddress(name: name)])
    }

    /// Makes a veth pair, the peer directly in its namespace, and brings this side up as a port of `bridge`: one call
    /// of the kernel. The peer stays down until it is configured.
    public mutating func addVirtualEthernet(_ pair: VirtualEthernet, bridge: Int32?) throws(SystemError) {
        var create = NetlinkMessage.link(
            NetlinkType.newLink, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.exclusive,
            operation: "make the interface", name: pair.name)
        if let mtu = pair.mtu { create.append(LinkAttribute.mtu, number: mtu) }
        create.nest(LinkAttribute.information) { information in
            information.append(LinkAttribute.kind, "veth")
            information.nest(LinkAttribute.data) { data in
                data.nest(LinkAttribute.peer) { peer in
                    peer.appendLinkHeader()
                    peer.append(LinkAttribute.name, pair.peerName)
                    if let mtu = pair.mtu { peer.append(LinkAttribute.mtu, number: mtu) }
                    if let address = pair.peerAddress { peer.append(LinkAttribute.address, address.bytes) }
                    switch pair.namespace {
                    case .process(let pid): peer.append(LinkAttribute.namespaceOfProcess, number: pid)
                    case .descriptor(let number): peer.append(LinkAttribute.namespaceDescriptor, number: number)
                    case .own: break
                    }
                }
            }
        }
        var up = NetlinkMessage.link(
            NetlinkType.newLink, operation: "bring up the interface", name: pair.name, up: true)
        if let bridge { up.append(LinkAttribute.master, number: bridge) }
        var batch = [create, .withoutLinkLocalAddress(name: pair.name), up]
        if bridge != nil { batch.append(.returningToSender(name: pair.name)) }
        do {
            try perform(batch)
            if bridge != nil, let address = pair.peerAddress { try place(address, behind: pair.name) }
        } catch {
            // Half of it may be there; the error that matters is the first one.
            if error.operation != create.operation { try? deleteLink(pair.name) }
            throw error
        }
    }

    /// Tells a bridge behind which of its ports a hardware address is, whatever it has learnt so far: the address may
    /// have been behind another port a moment ago, and who only listens would not be found until it speaks. It stays
    /// there whoever else sends from that address, so that no neighbour draws its packets to itself. The entry goes with
    /// the port.
    public mutating func place(_ address: HardwareAddress, behind port: String) throws(SystemError) {
        guard let index = NetlinkSocket.index(of: port) else {
            throw SystemError("find the interface", port, code: ENODEV)
        }
        var request = NetlinkMessage(
            NetlinkType.newNeighbour, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.replace,
            operation: "place \(address) behind", object: port)
        request.append(UInt8(AF_BRIDGE))
        request.append(UInt8(0))
        request.append(UInt16(0))
        request.append(index)
        request.append(NeighbourValue.fixed)
        request.append(NeighbourValue.ofMaster | NeighbourValue.sticky)
        request.append(UInt8(0))
        request.append(NeighbourAttribute.linkAddress, address.bytes)
        try perform([request])
    }

    /// Removes an interface; one that is not there is no error.
    public mutating func deleteLink(_ name: String) throws(SystemError) {
        do {
            try perform([.link(NetlinkType.deleteLink, operation: "remove the interface", name: name)])
        } catch  where error.code == ENODEV {}
    }

    /// Brings an interface up, as a port of `bridge` where one is named.
    public mutating func bringUp(_ name: String, bridge: Int32? = nil) throws(SystemError) {
        var request = NetlinkMessage.link(
            NetlinkType.newLink, operation: "bring up the interface", name: name, up: true)
        if let bridge { request.append(LinkAttribute.master, number: bridge) }
        try perform([request])
    }

    /// Brings an interface up as a port of `bridge` without an IPv6 address of its own.
    public mutating func addPort(_ name: String, to bridge: Int32, mtu: UInt32? = nil) throws(SystemError) {
        var request = NetlinkMessage.link(
            NetlinkType.newLink, operation: "bring up the interface", name: name, up: true)
        request.append(LinkAttribute.master, number: bridge)
        if let mtu { request.append(LinkAttribute.mtu, number: mtu) }
        try perform([.withoutLinkLocalAddress(name: name), request])
    }
}

/// A pair of interfaces of which one gets what the other sends.
public struct VirtualEthernet: Sendable {
    /// Where the peer is made.
    public enum Namespace: Sendable {
        /// In the namespace of the socket.
        case own
        /// In that of this process.
        case process(Int32)
        /// In the one that this descriptor stands for.
        case descriptor(Int32)
    }

    /// The name of this side.
    public var name: String
    /// The name of the other side.
    public var peerName: String
    /// The hardware address of the other side.
    public var peerAddress: HardwareAddress?
    /// Where the other side is made.
    public var namespace: Namespace
    /// The largest packet, in bytes.
    public var mtu: UInt32?

    /// Creates it.
    public init(
        name: String, peerName: String, peerAddress: HardwareAddress? = nil, namespace: Namespace, mtu: UInt32? = nil
    ) {
        self.name = name
        self.peerName = peerName
        self.peerAddress = peerAddress
        self.namespace = namespace
        self.mtu = mtu
    }
}

extension NetlinkMessage {
    /// Lets a bridge send a frame back through the port that it came from (hairpin mode): where br_netfilter is loaded,
    /// a container's packet to its own published port changes its destination within the bridge.
    static func returningToSender(name: String) -> NetlinkMessage {
        var message = NetlinkMessage.link(NetlinkType.newLink, operation: "configure the port", name: name)
        message.nest(LinkAttribute.information) { information in
            information.append(LinkAttribute.portKind, "bridge")
            information.nest(LinkAttribute.portData) { $0.append(LinkAttribute.portHairpin, number: UInt8(1)) }
        }
        return message
    }

    /// Keeps the kernel from giving the interface an IPv6 link-local address, with all the packets that follow from it.
    /// A kernel without IPv6 refuses it, and needs it not.
    static func withoutLinkLocalAddress(index: Int32 = 0, name: String) -> NetlinkMessage {
        var message = NetlinkMessage.link(
            NetlinkType.newLink, operation: "set the addresses' generation", index: index, name: name)
        message.mayFail = true
        message.nest(LinkAttribute.familySpecific) { families in
            families.nest(UInt16(AF_INET6)) { $0.append(LinkAttribute.addressGeneration, number: UInt8(1)) }
        }
        return message
    }
}
