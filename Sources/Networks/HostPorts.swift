internal import Linux

/// The host's ports that lead to containers of this daemon, each held by a socket.
struct HostPorts {
    private struct Key: Hashable {
        let address: IPv4Address
        let number: UInt16
        let transport: HeldPort.Transport
    }

    /// A box, since dictionaries take no value that can't be copied.
    private final class Held {
        let port: HeldPort
        init(_ port: consuming HeldPort) { self.port = port }
    }

    private var held: [Key: Held] = [:]
    /// How often a number is held, whatever the address: 0.0.0.0 conflicts with every address.
    private var addresses: [UInt16: [(address: IPv4Address, transport: HeldPort.Transport)]] = [:]

    /// Takes the first port of those that were asked for.
    mutating func take(_ request: PortRequest) throws(NetworkError) -> PublishedPort {
        guard let range = request.hostPorts else { return try take(0, request) }
        var failure: NetworkError?
        for number in range {
            do { return try take(number, request) } catch {
                failure = error
                guard error.kind == .portTaken else { break }
            }
        }
        throw failure ?? NetworkError(.invalid, "no host port was given")
    }

    /// Gives a port back.
    mutating func give(_ port: PublishedPort) {
        held[Key(address: port.hostAddress, number: port.hostPort, transport: port.transport)] = nil
        addresses[port.hostPort]?.removeAll { $0.address == port.hostAddress && $0.transport == port.transport }
        if addresses[port.hostPort]?.isEmpty == true { addresses[port.hostPort] = nil }
    }

    private mutating func take(_ number: UInt16, _ request: PortRequest) throws(NetworkError) -> PublishedPort {
        let taken = addresses[number]?.contains {
            $0.transport == request.transport
                && ($0.address == request.hostAddress || $0.address == .any || request.hostAddress == .any)
        }
        if taken == true {
            throw NetworkError(
                .portTaken, "Bind for \(request.hostAddress):\(number) failed: port is already allocated")
        }
        let port: HeldPort
        do { port = try HeldPort(number, of: request.hostAddress, request.transport) } catch {
            throw NetworkError(
                error.code == 98 ? .portTaken : .failed,
                "failed to bind host port for \(request.hostAddress):\(number): \(error.reason)")
        }
        let chosen = port.number
        held[Key(address: request.hostAddress, number: chosen, transport: request.transport)] = Held(port)
        addresses[chosen, default: []].append((request.hostAddress, request.transport))
        return PublishedPort(
            port: request.port, transport: request.transport, hostAddress: request.hostAddress, hostPort: chosen)
    }
}
