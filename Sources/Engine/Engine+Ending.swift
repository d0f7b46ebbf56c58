import Logging
import Glibc
import Linux
import Wire

extension Engine {
    /// Asks it to end, and makes it after `timeout` seconds (nil: its own, negative: never).
    public func stop(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        let container = try find(name)
        await container.gate.enter()
        do throws(EngineError) {
            try await apply(.stop, container)
        } catch {
            container.gate.leave()
            throw error
        }
        container.gate.leave()
        guard container.record.state.isRunning else { return }
        try await end(container, timeout: timeout, signal: signal)
        publish(container, "stop")
    }

    /// Stops it where it runs, and starts it.
    public func restart(_ name: String, timeout: Int? = nil, signal: String? = nil) async throws(EngineError) {
        let container = try find(name)
        container.isBeingRestarted = true
        defer { container.isBeingRestarted = false }
        do {
            try await stop(container.id, timeout: timeout, signal: signal)
        } catch  where error.kind == .notModified {}
        try await start(container.id)
        publish(container, "restart")
    }

    /// Signals it, waits, and kills it. Its gate is free meanwhile, because its end takes that.
    func end(_ container: ManagedContainer, timeout: Int?, signal: String?) async throws(EngineError) {
        let waiter = register(container, .notRunning)
        guard !waiter.isResolved else { return }
        let specification = container.record.specification
        let number = try SignalNames.number(signal ?? container.record.resolved.stopSignal)
        let wasPaused = container.record.state.isPaused
        try await send(number, to: container)
        // A frozen process sees its signal only when it is thawed.
        if wasPaused, let monitor = container.monitor { try await monitor.request(.resume) }
        let seconds = timeout ?? specification.stopTimeout ?? 10
        if await Deadline.reached(seconds: seconds, by: waiter) { return }
        if container.record.state.isRunning { try await send(SIGKILL, to: container) }
        if await Deadline.reached(seconds: 10, by: waiter) { return }
        throw EngineError(
            .internal, "cannot stop container: \(container.id): it has not ended 10 seconds after SIGKILL")
    }

    /// Sends a signal, by name or number; nil: SIGKILL.
    public func kill(_ name: String, signal: String? = nil) async throws(EngineError) {
        let container = try find(name)
        let number = try SignalNames.number(signal ?? "KILL")
        guard container.record.state.isRunning else {
            throw EngineError(
                .notRunning, "cannot kill container: \(name): container \(container.id) is not running")
        }
        let asksForEnd = [SIGKILL, (try? SignalNames.number(container.record.resolved.stopSignal)) ?? SIGTERM]
        if asksForEnd.contains(number) { container.record.life.stoppedByClient = true }
        let waiter = number == SIGKILL ? register(container, .notRunning) : nil
        try await send(number, to: container)
        if number == SIGKILL, container.record.state.isPaused, let monitor = container.monitor {
            try await monitor.request(.resume)
        }
        publish(container, "kill", ["signal": String(number)])
        if let waiter { _ = await Deadline.reached(seconds: 10, by: waiter) }
    }

    private func send(_ number: Int32, to container: ManagedContainer) async throws(EngineError) {
        guard let monitor = container.monitor else { return }
        do {
            try await monitor.request(.signal(number: number, process: nil))
        } catch {
            // It may have ended meanwhile, which is what was wanted.
            if container.record.state.isRunning && container.monitor === monitor && error.kind == .internal {
                throw error
            }
        }
    }

    /// Kills it at once and waits for its end. The caller holds its gate, so the end is handled here.
    func killAndWait(_ container: ManagedContainer) async throws(EngineError) {
        guard let monitor = container.monitor, container.record.state.isRunning else { return }
        let waiter = register(container, .notRunning)
        container.gate.leave()
        do throws(EngineError) {
            try await send(SIGKILL, to: container)
            if container.record.state.isPaused { try await monitor.request(.resume) }
        } catch {
            logger.debug("killing \(container.id): \(error)")
        }
        let ended = await Deadline.reached(seconds: 10, by: waiter)
        await container.gate.enter()
        guard ended else {
            throw EngineError(.internal, "could not kill container \(container.id): it still runs after 10 seconds")
        }
    }

    /// Kills what is left of a container whose monitor is gone, and removes its control group.
    func killLeftovers(_ container: ManagedContainer) async {
        guard container.record.specification.isolation == .process else { return }
        let parent = cgroupParent(of: container.record)
        let path = "\(parent)/\(container.id)"
        do throws(EngineError) {
            try await Blocking.run { () throws(EngineError) in
                do throws(SystemError) {
                    let cgroup = Cgroup(existing: path, layout: try CgroupLayout.detect())
                    try cgroup.kill()
                    try cgroup.remove()
                } catch {
                    throw EngineError(.internal, "kill what is left in \(path): \(error)")
                }
            }
        } catch {
            logger.warning("\(error)")
        }
    }

    /// The control group that a container's own is made in.
    func cgroupParent(of record: ContainerRecord) -> String {
        record.specification.cgroupParent.flatMap { $0.isEmpty ? nil : $0 } ?? configuration.cgroupParent
    }

    /// Waits for its end.
    public func waiter(_ name: String, _ condition: WaitCondition) throws(EngineError) -> ExitWaiter {
        register(try find(name), condition)
    }

    func register(_ container: ManagedContainer, _ condition: WaitCondition) -> ExitWaiter {
        let waiter = ExitWaiter(condition)
        switch (condition, container.record.state) {
        case (.notRunning, .created(let conclusion)), (.notRunning, .removing(let conclusion)):
            waiter.resolve(conclusion ?? Conclusion(exitCode: 0))
        case (.notRunning, .exited(let conclusion)):
            waiter.resolve(conclusion)
        default:
            container.waiters.append(waiter)
        }
        return waiter
    }
}

/// Waits that end.
enum Deadline {
    /// Whether the waited-for end came in time; negative seconds: there is no limit.
    static func reached(seconds: Int, by waiter: ExitWaiter) async -> Bool {
        if waiter.isResolved { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                // Cancelled: the time was over first.
                (try? await waiter.value()) != nil
            }
            if seconds >= 0 {
                group.addTask {
                    try? await Task.sleep(for: .seconds(seconds))  // cancelled: the end came first
                    return false
                }
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }
}
