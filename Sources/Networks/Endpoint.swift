public import Linux

/// A container's (or machine's) place in a network.
public struct Endpoint: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public var id: String
    /// Its address with the length of the network's prefix.
    public var address: IPv4Prefix
    /// The bridge's address.
    public var gateway: IPv4Address
    /// Its hardware address.
    public var hardwareAddress: HardwareAddress
    /// The largest packet, in bytes.
    public var mtu: UInt32

    /// Creates it, with what a reservation gave before.
    public init(
        id: String, address: IPv4Prefix, gateway: IPv4Address, hardwareAddress: HardwareAddress, mtu: UInt32
    ) {
        self.id = id
        self.address = address
        self.gateway = gateway
        self.hardwareAddress = hardwareAddress
        self.mtu = mtu
    }

    /// The name of the interface on the host's side of a container's link.
    public var hostInterface: String { "veth\(id.prefix(7))" }
    /// The name of the interface that a machine's hypervisor reads and writes.
    public var tapInterface: String { "tap\(id.prefix(7))" }

    static func makeIdentifier() -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// A port of the container that is to be reached through the host.
public struct PortRequest: Sendable, Equatable {
    /// The container's port.
    public var port: UInt16
    /// Connections or packets.
    public var transport: HeldPort.Transport
    /// The host's address; 0.0.0.0 for all.
    public var hostAddress: IPv4Address
    /// The host's ports to choose from; nil: any free one of the range that the kernel is set to.
    public var hostPorts: ClosedRange<UInt16>?

    /// Creates it.
    public init(
        port: UInt16, transport: HeldPort.Transport, hostAddress: IPv4Address = .any,
        hostPorts: ClosedRange<UInt16>? = nil
    ) {
        self.port = port
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
    }
}

/// A port of the host that leads to one of a container.
public struct PublishedPort: Sendable, Equatable {
    /// The container's port.
    public var port: UInt16
    /// Connections or packets.
    public var transport: HeldPort.Transport
    /// The host's address; 0.0.0.0 for all.
    public var hostAddress: IPv4Address
    /// The host's port.
    public var hostPort: UInt16

    /// Creates it, with what a publication gave before.
    public init(port: UInt16, transport: HeldPort.Transport, hostAddress: IPv4Address, hostPort: UInt16) {
        self.port = port
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }
}
