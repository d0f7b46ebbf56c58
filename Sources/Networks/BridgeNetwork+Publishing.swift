internal import Linux

extension BridgeNetwork {
    /// Publishes ports of a container on the host: all of them or none, in one transaction.
    ///
    /// - Parameters:
    ///   - container: Whose they are.
    ///   - name: What it is called, for the message.
    ///   - requests: Which ports.
    /// - Returns: The same ports with the numbers that the host has given them.
    @discardableResult
    public func publish(
        _ container: String, named name: String, _ requests: [PortRequest]
    ) throws(NetworkError) -> [PublishedPort] {
        let link = try opened()
        let member = try member(container)
        guard !requests.isEmpty else { return [] }
        var taken: [PublishedPort] = []
        do {
            for request in requests { taken.append(try ports.take(request)) }
            try makeTableOnce()
            try change(link, "add", member.endpoint, taken, then: member.published + taken, of: container)
        } catch {
            for port in taken { ports.give(port) }
            members[container]?.published = member.published
            throw NetworkError(
                error.kind,
                "driver failed programming external connectivity on endpoint \(name) (\(member.endpoint.id)): \(error)")
        }
        return taken
    }

    /// Takes back every port of a container.
    public func withdraw(_ container: String) throws(NetworkError) {
        let link = try opened()
        guard let member = members[container], !member.published.isEmpty else { return }
        // The rules first: a port that somebody else takes must not lead to the container any more.
        defer { for port in member.published { ports.give(port) } }
        try change(link, "delete", member.endpoint, member.published, then: [], of: container)
    }

    /// Everybody's published ports, by container.
    public var publishedPorts: [String: [PublishedPort]] { members.mapValues(\.published) }

    /// Changes the table; where that fails because somebody else has changed or removed it, makes it anew.
    private func change(
        _ link: BridgeLink, _ verb: String, _ endpoint: Endpoint, _ changed: [PublishedPort],
        then published: [PublishedPort], of container: String
    ) throws(NetworkError) {
        members[container]?.published = published
        let elements = changed.map { Published(address: endpoint.address.address, port: $0) }
        do { try packetFilter().run(table(link).change(verb, elements)) } catch { try makeTable() }
    }

    func makeTableOnce() throws(NetworkError) {
        if !tableIsMade { try makeTable() }
    }

    /// Makes the table with everything that is published.
    func makeTable() throws(NetworkError) {
        let all = members.values.flatMap { member in
            member.published.map { Published(address: member.endpoint.address.address, port: $0) }
        }
        try packetFilter().run(table(try opened()).definition(publishing: all))
        tableIsMade = true
    }

    func table(_ link: BridgeLink) -> FilterTable {
        FilterTable(name: configuration.table, bridge: configuration.name, network: link.address)
    }

    /// Loaded when it is needed first: an idle daemon does without.
    func packetFilter() throws(NetworkError) -> PacketFilter {
        if let filter { return filter }
        let filter = try PacketFilter()
        self.filter = filter
        return filter
    }
}
