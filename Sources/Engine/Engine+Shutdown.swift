import Linux
import Logging
extension Engine {
    /// Ends everything that runs, as the host goes down, and leaves nothing behind on the host.
    public func shutdown() async {
        isShuttingDown = true
        for container in containers.values {
            container.restart?.cancel()
            container.restart = nil
        }
        let running = containers.values.filter { $0.record.state.isRunning }.map(\.id)
        await withTaskGroup(of: Void.self) { group in
            for id in running { group.addTask { await self.stopForShutdown(id) } }
        }
        await stopMachinesForShutdown()
        await closeNetwork()
        removeCgroupParent()
    }

    /// Removes the control group that those of containers were in, once it is empty.
    private func removeCgroupParent() {
        do {
            try Cgroup(existing: configuration.cgroupParent, layout: try CgroupLayout.detect()).remove()
        } catch {
            logger.info("the control group \(configuration.cgroupParent) stays: \(error)")
        }
    }

    /// Like a client's stop, but a policy starts it again with the next daemon.
    private func stopForShutdown(_ id: String) async {
        guard let container = containers[id] else { return }
        do {
            try await end(container, timeout: nil, signal: nil)
        } catch {
            logger.warning("stop container \(id): \(error)")
        }
        await container.endingMonitor?.waitUntilClosed()
    }
}
