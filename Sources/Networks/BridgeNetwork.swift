public import Linux

/// The default network of a daemon: a bridge with one IPv4 network, links to containers, tap devices for machines, and
/// the ports of the host that lead to them.
///
/// It belongs to one daemon: bridge and table are named after the daemon's root, so that several run side by side. What
/// a killed daemon has left is found under the same names and taken over: ``open()``, then ``adopt(_:of:publishing:)``
/// for everyone who is still there, then ``sweep()``.
public actor BridgeNetwork {
    /// What one container or machine has.
    struct Member {
        var endpoint: Endpoint
        var published: [PublishedPort] = []
    }

    /// The settings.
    public nonisolated let configuration: BridgeConfiguration
    private let thread: NetworkThread
    var link: BridgeLink?
    var members: [String: Member] = [:]
    var ports = HostPorts()
    var filter: PacketFilter?
    var tableIsMade = false

    /// Names a network; nothing is made yet.
    public init(_ configuration: BridgeConfiguration) {
        self.configuration = configuration
        thread = NetworkThread(name: configuration.name, namespace: configuration.namespace)
    }

    deinit { thread.stop() }

    /// A thread of its own.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Makes the bridge, or takes over the one that is there, and picks its network. The packet filter's table follows
    /// with the first container.
    public func open() throws(NetworkError) {
        guard link == nil else { return }
        try configuration.check()
        do {
            try thread.join()
            link = try BridgeLink(configuration)
        } catch let error as SystemError {
            throw NetworkError(error)
        } catch let error as NetworkError {
            throw error
        } catch {
            throw NetworkError(.failed, "\(error)")
        }
    }

    /// The bridge's address with the length of the network's prefix, once it is open.
    public var gateway: IPv4Prefix? { link?.address }

    /// Removes what is left of an earlier daemon: links of containers that nobody has adopted, and their ports.
    public func sweep() throws(NetworkError) {
        let link = try opened()
        guard link.isTakenOver else { return }
        do {
            try link.removePorts(
                except: Set(members.values.flatMap { [$0.endpoint.hostInterface, $0.endpoint.tapInterface] }))
        } catch { throw NetworkError(error) }
        if members.isEmpty {
            try packetFilter().run(table(link).removal)
            filter = nil
        } else {
            try makeTable()
        }
    }

    /// Removes the bridge and the table and gives every port back. Whoever is still connected is no longer.
    public func close() throws(NetworkError) {
        guard let link else { return }
        self.link = nil
        members = [:]
        ports = HostPorts()
        var failure: NetworkError?
        if tableIsMade {
            do { try packetFilter().run(table(link).removal) } catch { failure = error }
        }
        tableIsMade = false
        filter = nil
        do { try link.remove() } catch { failure = failure ?? NetworkError(error) }
        if let failure { throw failure }
    }

    func opened() throws(NetworkError) -> BridgeLink {
        guard let link else { throw NetworkError(.failed, "network \(configuration.name) is not open") }
        return link
    }

    func member(_ container: String) throws(NetworkError) -> Member {
        guard let member = members[container] else {
            throw NetworkError(.notFound, "container \(container) is not in the network \(configuration.name)")
        }
        return member
    }
}
