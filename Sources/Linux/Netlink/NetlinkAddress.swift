internal import Glibc

/// An address of an interface, of any family, with all that it takes to give it to the interface again.
public struct NetlinkAddress: Sendable, Equatable {
    /// AF_INET, AF_INET6, ….
    let family: UInt8
    let length: UInt8
    let flags: UInt32
    let scope: UInt8
    /// What it consists of, in the kernel's form: the address itself, its peer, its broadcast address, ….
    private let attributes: [Attribute]

    private struct Attribute: Sendable, Equatable {
        let type: UInt16
        let value: [UInt8]
    }

    /// What is kept; the label, which begins with the interface's name, and the times of one that expires are not.
    private static let kept = [
        AddressAttribute.address, AddressAttribute.local, AddressAttribute.broadcast, AddressAttribute.anycast,
        AddressAttribute.routePriority, AddressAttribute.origin,
    ]
    static let fixedLength = 8

    /// Nil for a message about something else.
    init?(_ reply: NetlinkReply) {
        guard reply.type == NetlinkType.newAddress, reply.payload.count >= NetlinkAddress.fixedLength else {
            return nil
        }
        let start = reply.payload.startIndex
        let found = reply.attributes(after: NetlinkAddress.fixedLength)
        family = reply.payload[start]
        length = reply.payload[start + 1]
        scope = reply.payload[start + 3]
        flags = found.uint32(AddressAttribute.flags) ?? UInt32(reply.payload[start + 2])
        attributes = NetlinkAddress.kept.compactMap { type in
            found[type].map { Attribute(type: type, value: Array($0)) }
        }
    }

    /// Whether somebody has given it to the interface for good, for talking with anybody (IFA_F_PERMANENT,
    /// RT_SCOPE_UNIVERSE).
    public var isPermanentAndGlobal: Bool { flags & AddressValue.permanent != 0 && scope == RouteValue.universe }

    /// The request that gives it to an interface. The kernel sets the other flags by itself.
    func adding(to index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(
            NetlinkType.newAddress, flags: NetlinkFlag.acknowledge | NetlinkFlag.create | NetlinkFlag.replace,
            operation: "add the address", object: description)
        message.append(family)
        message.append(length)
        message.append(UInt8(0))
        message.append(scope)
        message.append(index)
        for attribute in attributes { message.append(attribute.type, attribute.value) }
        let given = flags & AddressValue.given
        if given != 0 { message.append(AddressAttribute.flags, number: given) }
        return message
    }
}

extension NetlinkAddress: CustomStringConvertible {
    /// `172.17.0.2/16`, `fd00:0:0:0:0:0:0:2/64`.
    public var description: String {
        let bytes = attributes.first { $0.type == AddressAttribute.local } ?? attributes.first
        guard let bytes = bytes?.value else { return "of family \(family)" }
        if let address = IPv4Address(bytes: bytes) { return "\(address)/\(length)" }
        let groups = stride(from: 0, to: bytes.count - 1, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return "\(groups.joined(separator: ":"))/\(length)"
    }
}

extension NetlinkSocket {
    /// The addresses of one interface, of every family.
    public mutating func addresses(of index: Int32) throws(SystemError) -> [NetlinkAddress] {
        var request = NetlinkMessage(
            NetlinkType.getAddress, flags: NetlinkFlag.dump, operation: "list the addresses of interface",
            object: "\(index)")
        request.append(UInt32(0))
        request.append(index)
        // Older kernels tell those of all interfaces.
        return try answers(to: request, dump: true).compactMap { reply in
            reply.payload.uint32(at: 4) == UInt32(bitPattern: index) ? NetlinkAddress(reply) : nil
        }
    }
}

/// Flags of an address (linux/if_addr.h).
enum AddressValue {
    static let permanent: UInt32 = 0x80
    /// Those that whoever adds an address decides on: NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN.
    static let given: UInt32 = 0x02 | 0x10 | 0x100 | 0x200 | 0x400
}
