internal import CLinux
internal import Glibc

/// A port of the host that nobody else can take, because a socket that lets nothing in is bound to it.
///
/// Whatever is to arrive is led elsewhere by the packet filter before it comes to a socket; what comes before that rule
/// is in force is dropped and sent again by its sender.
public struct HeldPort: ~Copyable, Sendable {
    /// How a port is used.
    public enum Transport: String, Sendable, Hashable, CaseIterable {
        /// Connections.
        case tcp
        /// Single packets.
        case udp
    }

    /// The number, also where any free one was asked for.
    public let number: UInt16
    private let socket: Descriptor

    /// Takes a port (0: any free one of the range that the kernel is set to) of an address of the host.
    public init(_ number: UInt16, of address: IPv4Address, _ transport: Transport) throws(SystemError) {
        var port = number
        // SOCK_STREAM and SOCK_DGRAM; their imported form differs between C libraries.
        // unsafe because the kernel's choice is stored through a pointer to a local number
        let result = unsafe bh_port_hold(transport == .tcp ? 1 : 2, address.value, &port)
        socket = Descriptor(adopting: try SystemError.check(result, "bind", "\(address):\(number)/\(transport)"))
        self.number = port
    }
}

// The daemon keeps it in its documents; Embedded Swift has no such protocol.
#if !hasFeature(Embedded)
extension HeldPort.Transport: Codable {}
#endif
