import Glibc
import Linux
import Wire

/// A container's part in a network, from before its process exists until it has ended.
struct NetworkConnection: Sendable {
    var endpoint: EndpointRecord?
    var interfaces: [InterfaceSetup] = []
}

extension Engine {
    /// Takes an address for a container that is about to start, and the host's ports that lead to it.
    func reserveNetwork(_ container: ManagedContainer) async throws(EngineError) -> NetworkConnection {
        guard container.record.specification.network.mode == .bridge else { return NetworkConnection() }
        throw EngineError(.unavailable, "the bridge network is not ready yet")
    }

    /// Puts the link into the container's namespace.
    func connectNetwork(_ container: ManagedContainer, _ connection: NetworkConnection, _ process: Int32)
        async throws(EngineError)
    {}

    /// Gives back what a container has of the network, and its machine.
    func release(_ container: ManagedContainer) async {
        container.record.life.endpoint = nil
        container.record.life.publishedPorts = []
        await releaseMachine(container)
    }

    /// A tap device on the bridge, for a machine.
    func openTap(_ id: String) async throws(EngineError) -> TapDevice {
        throw EngineError(.unavailable, "the bridge network is not ready yet")
    }

    func adoptNetwork(_ container: ManagedContainer) async throws(EngineError) {}

    func closeNetwork() async {}

    /// The default bridge, the host's network and none.
    public func networks() async -> [NetworkRecord] { [] }

    /// One network by its name or identifier.
    public func network(named name: String) async throws(EngineError) -> NetworkRecord {
        for network in await networks() where network.name == name || network.id == name { return network }
        throw EngineError(.notFound, "network \(name) not found")
    }

    /// Writes hosts, hostname and resolv.conf of a container.
    func writeNetworkFiles(_ container: ManagedContainer, _ connection: NetworkConnection) throws(EngineError) {
        for file in try networkFiles(container, connection) {
            do {
                try Files.write(paths.container(container.id) + "/" + file.name, Array(file.content.utf8))
            } catch {
                throw EngineError(.internal, "write the network files of \(container.id): \(error)")
            }
        }
    }

    /// The files that every container has of its own.
    func networkFiles(_ container: ManagedContainer, _ connection: NetworkConnection)
        throws(EngineError) -> [(name: String, target: String, content: String)]
    {
        let resolved = container.record.resolved
        return [("hostname", "/etc/hostname", resolved.hostname + "\n")]
    }
}

/// A tap device that vanishes with its last descriptor.
final class TapDevice: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}
