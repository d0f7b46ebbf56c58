internal import Glibc

/// A network interface, as the kernel reports it.
public struct NetlinkLink: Sendable, Equatable {
    /// Its number in its network namespace.
    public let index: Int32
    /// Its name.
    public let name: String
    /// Its hardware address, where it has one of six bytes.
    public let hardwareAddress: HardwareAddress?
    /// Whether it is up.
    public let isUp: Bool
    /// The largest packet, in bytes.
    public let mtu: UInt32
    /// The number of the bridge that it is a port of.
    public let master: Int32?
    /// What made it: `veth`, `bridge`, `tun`; nil for hardware.
    public let kind: String?

    init?(_ reply: NetlinkReply) {
        let attributes = reply.attributes(after: NetlinkLink.fixedLength)
        guard reply.type == NetlinkType.newLink, let index = reply.payload.uint32(at: 4),
            let flags = reply.payload.uint32(at: 8), let name = attributes.text(LinkAttribute.name)
        else { return nil }
        self.index = Int32(truncatingIfNeeded: index)
        self.name = name
        hardwareAddress = attributes[LinkAttribute.address].flatMap { HardwareAddress(bytes: Array($0)) }
        isUp = flags & UInt32(IFF_UP) != 0
        mtu = attributes.uint32(LinkAttribute.mtu) ?? 0
        master = attributes.uint32(LinkAttribute.master).map { Int32(truncatingIfNeeded: $0) }
        kind = attributes.nested(LinkAttribute.information)?.text(LinkAttribute.kind)
    }

    static let fixedLength = 16
}

/// Attributes of a link (linux/if_link.h).
enum LinkAttribute {
    static let address: UInt16 = 1
    static let name: UInt16 = 3
    static let mtu: UInt16 = 4
    static let master: UInt16 = 10
    static let information: UInt16 = 18
    static let namespaceOfProcess: UInt16 = 19
    static let familySpecific: UInt16 = 26
    static let namespaceDescriptor: UInt16 = 28
    static let extendedMask: UInt16 = 29
    // Within `information`.
    static let kind: UInt16 = 1
    static let data: UInt16 = 2
    static let portKind: UInt16 = 4
    static let portData: UInt16 = 5
    // Within the data of a bridge's port.
    static let portHairpin: UInt16 = 4
    // Within the data of a veth pair.
    static let peer: UInt16 = 1
    // Within the data of a bridge.
    static let bridgeForwardDelay: UInt16 = 1
    static let bridgeSpanningTree: UInt16 = 5
    static let bridgeMulticastSnooping: UInt16 = 23
    // Within `familySpecific`, in the nest of AF_INET6.
    static let addressGeneration: UInt16 = 8
}

extension NetlinkMessage {
    /// A request about a link, by its number or, with number 0, by its name.
    static func link(
        _ type: UInt16, flags: UInt16 = NetlinkFlag.acknowledge, operation: String, index: Int32 = 0, name: String,
        up: Bool? = nil
    ) -> NetlinkMessage {
        var message = NetlinkMessage(type, flags: flags, operation: operation, object: name)
        message.appendLinkHeader(index: index, up: up)
        if index == 0 { message.append(LinkAttribute.name, name) }
        return message
    }

    /// The fixed part of every message about a link (struct ifinfomsg).
    mutating func appendLinkHeader(index: Int32 = 0, up: Bool? = nil) {
        let flag = UInt32(IFF_UP)
        append(UInt32(0))
        append(index)
        append(up == true ? flag : 0)
        append(up == nil ? 0 : flag)
    }
}
