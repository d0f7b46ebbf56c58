import Linux
import Logging
import Machines
import Wire

/// What a machine's containers see of the host: layers of their images, binds, volumes. Each is bound into the jail of
/// the hypervisor, from where the guest has it by virtiofs.
extension Engine {
    private static let initTarget = MachineLaunch.shareTarget + "/init"

    private static func target(ofLayer path: String) -> String {
        "\(MachineLaunch.layersTarget)/\(RootDirectory.split(path).name)"
    }

    private static func target(ofMount index: Int, in container: ManagedContainer) -> String {
        "\(MachineLaunch.shareTarget)/\(Identifier.short(container.id))-\(index)"
    }

    /// Puts directories into the share of a machine, each once however many containers use it.
    func shareLayers(_ layers: [String], with machine: ManagedMachine, for container: ManagedContainer)
        async throws(EngineError) -> [String]
    {
        var paths: [String] = []
        for layer in layers {
            let target = Self.target(ofLayer: layer)
            try await share(layer, at: target, readOnly: true, with: machine)
            container.shares.append(target)
            // Without the dot the guest's overlay finds the place at which the layer is to be mounted on first use, not
            // the layer.
            paths.append(MachineLaunch.guestPath(of: target) + "/.")
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
            let target = Self.target(ofMount: index, in: container)
            try await share(mount.source, at: target, readOnly: mount.readOnly, with: machine)
            container.shares.append(target)
            sources[mount.target] = MachineLaunch.guestPath(of: target)
        }
        return sources
    }

    /// Puts the program of `--init` into the share of the machine.
    ///
    /// - Returns: where the guest finds it.
    func shareInitProgram(for container: ManagedContainer, with machine: ManagedMachine)
        async throws(EngineError) -> String
    {
        try await share(try paths.initProgram(), at: Self.initTarget, readOnly: true, with: machine)
        container.shares.append(Self.initTarget)
        return MachineLaunch.guestPath(of: Self.initTarget)
    }

    private func share(_ path: String, at target: String, readOnly: Bool, with machine: ManagedMachine)
        async throws(EngineError)
    {
        // Whoever else wants it waits until it is there.
        await machine.sharing.enter()
        defer { machine.sharing.leave() }
        if machine.shares[target] == nil {
            guard let monitor = machine.monitor else {
                throw EngineError(.unavailable, "machine \(machine.name) is gone")
            }
            try await monitor.request(.mount(source: path, target: target, readOnly: readOnly))
        }
        machine.shares[target, default: 0] += 1
    }

    /// After a restart of the daemon: what a running container has in the share of its machine.
    func adoptShares(of container: ManagedContainer, in machine: ManagedMachine) async {
        let record = container.record
        var targets = record.resolved.mounts.enumerated().filter { $0.element.kind != .tmpfs }
            .map { Self.target(ofMount: $0.offset, in: container) }
        if record.specification.initProcess { targets.append(Self.initTarget) }
        do throws(EngineError) {
            let layers = try await images.layers(of: record.resolved.imageID)
            targets += (layers + [paths.initLayer]).map { Self.target(ofLayer: $0) }
        } catch {
            logger.warning("container \(record.id): \(error)")
        }
        for target in targets { machine.shares[target, default: 0] += 1 }
        container.shares = targets
    }

    /// Takes out of the share of a machine what a container had in it, but for what others use.
    func unshare(_ targets: [String], with machine: ManagedMachine) async {
        await machine.sharing.enter()
        defer { machine.sharing.leave() }
        for target in targets {
            guard let users = machine.shares[target], users > 0 else { continue }
            machine.shares[target] = users - 1
            // Layers stay shared: the next container of the same image is there at once.
            guard users == 1, !target.hasPrefix(MachineLaunch.layersTarget), let monitor = machine.monitor else {
                continue
            }
            machine.shares[target] = nil
            do {
                try await monitor.request(.unmount(target: target))
            } catch {
                logger.warning("take \(target) out of machine \(machine.name): \(error)")
            }
        }
    }
}
