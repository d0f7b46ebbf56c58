internal import Glibc

extension NetlinkSocket {
    /// Gives an interface an address; one that it has already is no error.
    public mutating func addAddress(_ address: IPv4Prefix, to index: Int32) throws(SystemError) {
        try perform([.addAddress(address, to: index)])
    }

    /// The IPv4 addresses of the namespace, with the number of their interface.
    public mutating func addresses() throws(SystemError) -> [(interface: Int32, address: IPv4Prefix)] {
        var request = NetlinkMessage(
            NetlinkType.getAddress, flags: NetlinkFlag.dump, operation: "list the addresses", object: "")
        request.append(UInt32(AF_INET))
        request.append(UInt32(0))
        return try answers(to: request, dump: true).compactMap { reply in
            let attributes = reply.attributes(after: 8)
            guard reply.type == NetlinkType.newAddress, reply.payload.first == UInt8(AF_INET),
                let length = reply.payload.dropFirst().first, let interface = reply.payload.uint32(at: 4),
                let bytes = attributes[AddressAttribute.local] ?? attributes[AddressAttribute.address],
                let address = IPv4Address(bytes: bytes), let prefix = IPv4Prefix(address, length: Int(length))
            else { return nil }
            return (Int32(truncatingIfNeeded: interface), prefix)
        }
    }

    /// The IPv4 networks that the main routing table knows a way to, without the default route.
    public mutating func routedNetworks() throws(SystemError) -> [IPv4Prefix] {
        var request = NetlinkMessage(
            NetlinkType.getRoute, flags: NetlinkFlag.dump, operation: "list the routes", object: "")
        request.append(UInt32(AF_INET))
        request.append(UInt32(0))
        request.append(UInt32(0))
        return try answers(to: request, dump: true).compactMap { reply in
            guard reply.type == NetlinkType.newRoute, reply.payload.count >= 12,
                let length = reply.payload.dropFirst().first, length > 0,
                reply.payload[reply.payload.startIndex + 4] == RouteValue.mainTable,
                let bytes = reply.attributes(after: 12)[RouteAttribute.destination],
                let address = IPv4Address(bytes: bytes)
            else { return nil }
            return IPv4Prefix(address, length: Int(length))
        }
    }
}

extension NetlinkMessage {
    static func addAddress(_ address: IPv4Prefix, to index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(
            NetlinkType.newAddress, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.replace,
            operation: "add the address", object: address.description)
        message.append(UInt8(AF_INET))
        message.append(address.length)
        message.append(UInt16(0))
        message.append(index)
        message.append(AddressAttribute.local, address.address.bytes)
        message.append(AddressAttribute.address, address.address.bytes)
        if address.length < 31 { message.append(AddressAttribute.broadcast, address.broadcast.bytes) }
        return message
    }

    static func addDefaultRoute(gateway: IPv4Address, through index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(
            NetlinkType.newRoute, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.replace,
            operation: "add the default route", object: gateway.description)
        message.append(UInt8(AF_INET))
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(RouteValue.mainTable)
        message.append(RouteValue.bootProtocol)
        message.append(RouteValue.universe)
        message.append(RouteValue.unicast)
        message.append(UInt32(0))
        message.append(RouteAttribute.gateway, gateway.bytes)
        message.append(RouteAttribute.interface, number: index)
        return message
    }
}

/// Attributes of a neighbour, or of an entry in a bridge's table (linux/neighbour.h).
enum NeighbourAttribute {
    static let linkAddress: UInt16 = 2
}

/// Values in the fixed part of a neighbour, or of an entry in a bridge's table (linux/neighbour.h).
enum NeighbourValue {
    /// NUD_NOARP: it does not age.
    static let fixed: UInt16 = 0x40
    /// NTF_MASTER: in the table of the bridge that the interface is a port of.
    static let ofMaster: UInt8 = 0x04
    /// NTF_STICKY: whoever sends from the address through another port does not move it there (since Linux 4.20).
    static let sticky: UInt8 = 0x40
}

/// Attributes of an address (linux/if_addr.h).
enum AddressAttribute {
    static let address: UInt16 = 1
    static let local: UInt16 = 2
    static let broadcast: UInt16 = 4
    static let anycast: UInt16 = 5
    static let flags: UInt16 = 8
    static let routePriority: UInt16 = 9
    /// IFA_PROTO: who has added it.
    static let origin: UInt16 = 11
}

/// Attributes of a route (linux/rtnetlink.h).
enum RouteAttribute {
    static let destination: UInt16 = 1
    static let interface: UInt16 = 4
    static let gateway: UInt16 = 5
}

/// Values in the fixed part of a route (linux/rtnetlink.h).
enum RouteValue {
    static let mainTable: UInt8 = 254
    static let bootProtocol: UInt8 = 3
    static let universe: UInt8 = 0
    static let unicast: UInt8 = 1
}
