import Linux
import Logging
import Machines
import Wire

/// What a machine's containers see of the host: layers of their images, binds, volumes. Each is bound into the jail of
/// the hypervisor, from where the guest has it by virtiofs.
extension Engine {
    private static let layerPrefix = "layer-"
    private static let initShare = "init"

    private static func shareName(ofLayer path: String) -> String { layerPrefix + RootDirectory.split(path).name }

    private static func shareName(ofMount index: Int, in container: ManagedContainer) -> String {
        "\(Identifier.short(container.id))-\(index)"
    }

    /// Puts directories into the share of a machine, each once however many containers use it.
    func shareLayers(_ layers: [String], with machine: ManagedMachine, for container: ManagedContainer)
        async throws(EngineError) -> [String]
    {
        var paths: [String] = []
        for layer in layers {
            let name = Self.shareName(ofLayer: layer)
            try await share(layer, as: name, readOnly: true, with: machine)
            container.shares.append(name)
            // Without the dot the guest's overlay finds the place at which the layer is to be mounted on first use, not
            // the layer.
            paths.append("\(MachineLaunch.guestShare)/\(name)/.")
        }
        return paths
    }

    /// Puts binds and volumes into the share of the machine.
    ///
    /// - Returns: where the guest finds them, by their target in the container.
    func shareMounts(of container: ManagedContainer, with machine: ManagedMachine)
        async throws(EngineError) -> [String: String]
    {
        var sources: [String: String] = [:]
        for (index, mount) in container.record.resolved.mounts.enumerated() where mount.kind != .tmpfs {
            let name = Self.shareName(ofMount: index, in: container)
            try await share(mount.source, as: name, readOnly: mount.readOnly, with: machine)
            container.shares.append(name)
            sources[mount.target] = "\(MachineLaunch.guestShare)/\(name)"
        }
        return sources
    }

    /// Puts the program of `--init` into the share of the machine.
    ///
    /// - Returns: where the guest finds it.
    func shareInitProgram(for container: ManagedContainer, with machine: ManagedMachine)
        async throws(EngineError) -> String
    {
        try await share(try paths.initProgram(), as: Self.initShare, readOnly: true, with: machine)
        container.shares.append(Self.initShare)
        return "\(MachineLaunch.guestShare)/\(Self.initShare)"
    }

    private func share(_ path: String, as name: String, readOnly: Bool, with machine: ManagedMachine)
        async throws(EngineError)
    {
        // Whoever else wants it waits until it is there.
        await machine.sharing.enter()
        defer { machine.sharing.leave() }
        if machine.shares[name] == nil {
            guard let monitor = machine.monitor else {
                throw EngineError(.unavailable, "machine \(machine.name) is gone")
            }
            try await monitor.request(
                .mount(source: path, target: "\(MachineLaunch.shareTarget)/\(name)", readOnly: readOnly))
        }
        machine.shares[name, default: 0] += 1
    }

    /// After a restart of the daemon: what a running container has in the share of its machine.
    func adoptShares(of container: ManagedContainer, in machine: ManagedMachine) async {
        let record = container.record
        var names = record.resolved.mounts.enumerated().filter { $0.element.kind != .tmpfs }
            .map { Self.shareName(ofMount: $0.offset, in: container) }
        if record.specification.initProcess { names.append(Self.initShare) }
        do throws(EngineError) {
            let layers = try await images.layers(of: record.resolved.imageID)
            names += (layers + [paths.initLayer]).map { Self.shareName(ofLayer: $0) }
        } catch {
            logger.warning("container \(record.id): \(error)")
        }
        for name in names { machine.shares[name, default: 0] += 1 }
        container.shares = names
    }

    /// Takes out of the share of a machine what a container had in it, but for what others use.
    func unshare(_ names: [String], with machine: ManagedMachine) async {
        await machine.sharing.enter()
        defer { machine.sharing.leave() }
        for name in names {
            guard let users = machine.shares[name], users > 0 else { continue }
            machine.shares[name] = users - 1
            // Layers stay shared: the next container of the same image is there at once.
            guard users == 1, !name.hasPrefix(Self.layerPrefix), let monitor = machine.monitor else { continue }
            machine.shares[name] = nil
            do {
                try await monitor.request(.unmount(target: "\(MachineLaunch.shareTarget)/\(name)"))
            } catch {
                logger.warning("take \(name) out of machine \(machine.name): \(error)")
            }
        }
    }
}
