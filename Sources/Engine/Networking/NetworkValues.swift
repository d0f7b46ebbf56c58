import Linux
import Networks

extension EndpointRecord {
    init(_ endpoint: Endpoint) {
        self.init(
            id: endpoint.id, address: "\(endpoint.address.address)", prefixLength: Int(endpoint.address.length),
            gateway: "\(endpoint.gateway)", hardwareAddress: "\(endpoint.hardwareAddress)", mtu: Int(endpoint.mtu))
    }
}

extension Endpoint {
    /// Nil for a record that another version has written.
    init?(_ record: EndpointRecord) {
        guard let address = IPv4Address(record.address),
            let prefix = IPv4Prefix(address, length: record.prefixLength), let gateway = IPv4Address(record.gateway),
            let hardwareAddress = HardwareAddress(record.hardwareAddress)
        else { return nil }
        self.init(
            id: record.id, address: prefix, gateway: gateway, hardwareAddress: hardwareAddress,
            mtu: UInt32(clamping: record.mtu))
    }
}

extension HeldPort.Transport {
    init?(_ transport: ContainerPort.Transport) {
        switch transport {
        case .tcp: self = .tcp
        case .udp: self = .udp
        case .sctp: return nil
        }
    }
}

extension PublishedPortRecord {
    init(_ port: PublishedPort) {
        self.init(
            port: ContainerPort(number: port.port, transport: port.transport == .tcp ? .tcp : .udp),
            hostAddress: "\(port.hostAddress)", hostPort: port.hostPort)
    }
}

extension PublishedPort {
    init?(_ record: PublishedPortRecord) {
        guard let transport = HeldPort.Transport(record.port.transport), let address = IPv4Address(record.hostAddress)
        else { return nil }
        self.init(port: record.port.number, transport: transport, hostAddress: address, hostPort: record.hostPort)
    }
}

extension EngineError {
    init(_ error: NetworkError) {
        switch error.kind {
        case .invalid: self.init(.invalid, "\(error)")
        case .notFound: self.init(.notFound, "\(error)")
        case .portTaken, .addressTaken, .failed: self.init(.internal, "\(error)")
        }
    }
}

/// A tap device that vanishes with its last descriptor.
final class TapDevice: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
