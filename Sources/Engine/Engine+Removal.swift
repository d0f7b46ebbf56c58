import Logging
import Foundation
import Linux

extension Engine {
    /// Removes it; a running one only by `force`; with `volumes` its anonymous volumes too.
    public func remove(_ name: String, force: Bool = false, volumes: Bool = false) async throws(EngineError) {
        let container = try find(name)
        await container.gate.enter()
        defer { container.gate.leave() }
        guard containers[container.id] === container else { throw .noSuchContainer(name) }
        container.removesVolumes = volumes
        try await apply(.remove(force: force), container)
        // One that was running has been killed now; with --rm it has been removed by that.
        guard containers[container.id] === container, container.record.state.status != .removing else { return }
        try await apply(.remove(force: false), container)
    }

    /// Removes all that belongs to a container. The database comes first: what is left after that is swept.
    func removeRemains(_ container: ManagedContainer) async throws(EngineError) {
        let id = container.id
        await release(container)
        await container.endingMachine?.value
        let removesVolumes = container.removesVolumes || container.record.specification.autoRemove
        let volumes = removesVolumes ? anonymousVolumes(onlyOf: container) : []
        do throws(EngineError) {
            try database.delete(id, volumes: volumes)
        } catch {
            try await apply(.removalFailed, container)
            throw error
        }
        containers[id] = nil
        names[container.record.name] = nil
        for exec in container.execs.keys { execOwners[exec] = nil }
        for volume in volumes { volumesByName[volume] = nil }
        for ticket in container.tickets { ticket.resolve(.failure(.noSuchContainer(id))) }
        let folders = [paths.container(id)] + volumes.map(paths.volume)
        let logger = logger
        do throws(EngineError) {
            try await Blocking.run { for folder in folders { Trees.remove(folder, logger) } }
        } catch {
            logger.warning("remove the files of \(id): \(error)")
        }
        await container.endingMonitor?.waitUntilClosed()
        Trees.remove(paths.monitor(id), logger)
        publish(container, "destroy")
        var conclusion = container.record.state.conclusion ?? Conclusion(exitCode: 0)
        // Whoever wanted it to start has the error already.
        if conclusion.startedAt == 0 { conclusion.error = "" }
        for waiter in container.waiters { waiter.resolve(conclusion) }
        container.waiters = []
    }

    /// The anonymous volumes of a container that no other one uses.
    private func anonymousVolumes(onlyOf container: ManagedContainer) -> [String] {
        container.record.resolved.mounts
            .filter { $0.kind == .volume && $0.anonymous }
            .map(\.name)
            .filter { name in volumesByName[name] != nil && users(ofVolume: name) == [container.id] }
    }
}
