import Linux
import Networks

extension Engine {
    /// Writes hosts, hostname and resolv.conf of a container.
    func writeNetworkFiles(_ container: ManagedContainer, _ connection: NetworkConnection) throws(EngineError) {
        // One that is in another's network has that one's files.
        guard container.record.resolved.networkContainer == nil else { return }
        for file in try networkFiles(container, connection) {
            do {
                try Files.write("\(paths.container(container.id))/\(file.name)", Array(file.content.utf8))
            } catch {
                throw EngineError(.internal, "write the network files of \(container.id): \(error)")
            }
        }
    }

    /// The files that every container has of its own.
    func networkFiles(_ container: ManagedContainer, _ connection: NetworkConnection)
        throws(EngineError) -> [(name: String, target: String, content: String)]
    {
        let settings = container.record.specification.network
        let hostname = container.record.resolved.hostname
        let resolver = ResolverFile.contents(
            host: FileText.read("/etc/resolv.conf") ?? "", sharesHostNetwork: settings.mode == .host,
            settings: ResolverFile.Settings(
                nameServers: settings.nameServers, searchDomains: settings.searchDomains,
                options: settings.resolverOptions))
        return [
            ("hostname", "/etc/hostname", hostname + "\n"),
            ("hosts", "/etc/hosts", try hosts(container.record, connection)),
            ("resolv.conf", "/etc/resolv.conf", resolver),
        ]
    }

    private func hosts(_ record: ContainerRecord, _ connection: NetworkConnection) throws(EngineError) -> String {
        let settings = record.specification.network
        if settings.mode == .host, settings.extraHosts.isEmpty, let text = FileText.read("/etc/hosts") { return text }
        var names = [record.resolved.hostname]
        if let domain = record.specification.domainname, !domain.isEmpty {
            names.insert("\(record.resolved.hostname).\(domain)", at: 0)
        }
        do {
            return try HostsFile.contents(
                address: connection.endpoint?.address.address, names: names, extraHosts: settings.extraHosts,
                gateway: connection.endpoint?.gateway)
        } catch {
            throw EngineError(error)
        }
    }
}
