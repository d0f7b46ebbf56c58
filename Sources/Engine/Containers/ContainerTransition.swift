import Wire

/// What happens to a container.
enum ContainerInput: Sendable, Equatable {
    /// A client wants it to run.
    case start
    /// The delay before its restart is over.
    case restartDue
    /// Its program is being executed.
    case started(process: Int32, at: Int64)
    /// It could not be started; `exitCode` is what its clients see.
    case startFailed(exitCode: Int32, message: String, at: Int64)
    /// Its first process has ended, or was lost.
    case ended(ExitRecord)
    /// The kernel has ended one of its processes for its memory limit.
    case outOfMemory
    /// Its processes have been frozen or thawed.
    case paused
    case resumed
    /// A client wants it to end, so that no policy starts it again.
    case stop
    /// A client wants it gone; a running one only by force.
    case remove(force: Bool)
    /// It could not be removed.
    case removalFailed
}

/// What the engine does then, in this order.
enum ContainerAction: Sendable, Equatable {
    /// Makes its process.
    case launch
    /// Writes its life to the database.
    case save
    /// Tells who listens.
    case publish(String, [String: String])
    /// Gives back the network endpoint, the published ports, its own machine.
    case release
    /// Starts it again after so many milliseconds.
    case scheduleRestart(milliseconds: Int)
    /// The restart that it waits for is off.
    case cancelRestart
    /// Tells who waits for its end.
    case conclude(Conclusion)
    /// Kills it; the end comes as ``ContainerInput/ended(_:)``.
    case kill
    /// Removes it with all that belongs to it.
    case remove
}

/// What decides about its life and never changes.
struct ContainerRules: Sendable, Equatable {
    var id: String
    var name = ""
    var restart: RestartPolicy = .no
    var autoRemove = false

    func cannotRemove(_ reason: String) -> EngineError {
        EngineError(.conflict, "cannot remove container \"/\(name)\": \(reason)")
    }
}

extension ContainerLife {
    /// The next state and what is to be done on the way; nothing changes where it throws.
    mutating func handle(_ input: ContainerInput, _ rules: ContainerRules) throws(EngineError) -> [ContainerAction] {
        switch input {
        case .start: return try start(rules)
        case .restartDue: return restartDue()
        case .started(let process, let at): return started(process, at)
        case .startFailed(let code, let message, let at): return startFailed(code, message, at, rules)
        case .ended(let record): return ended(record, rules)
        case .outOfMemory: return outOfMemory()
        case .paused: return try paused(rules)
        case .resumed: return try resumed(rules)
        case .stop: return try stop()
        case .remove(let force): return try remove(force: force, rules)
        case .removalFailed: return removalFailed()
        }
    }

    private mutating func start(_ rules: ContainerRules) throws(EngineError) -> [ContainerAction] {
        switch state {
        case .running, .starting:
            throw EngineError(.notModified, "container \(rules.id) is already running")
        case .paused:
            throw EngineError(.conflict, "cannot start a paused container, try unpause instead")
        case .removing:
            throw EngineError(.conflict, "container is marked for removal and cannot be started")
        case .created(let conclusion):
            state = .starting(conclusion)
        case .exited(let conclusion):
            state = .starting(conclusion)
        case .restarting(let conclusion):
            state = .starting(conclusion)
            stoppedByClient = false
            backoff.reset()
            return [.cancelRestart, .launch]
        }
        stoppedByClient = false
        restartCount = 0
        backoff.reset()
        return [.launch]
    }

    private mutating func restartDue() -> [ContainerAction] {
        guard case .restarting(let conclusion) = state else { return [] }
        state = .starting(conclusion)
        restartCount += 1
        return [.launch]
    }

    private mutating func started(_ process: Int32, _ at: Int64) -> [ContainerAction] {
        guard case .starting(let before) = state else { return [] }
        state = .running(Run(process: process, startedAt: at, previousFinish: before?.finishedAt ?? 0))
        return [.save, .publish("start", [:])]
    }

    private mutating func startFailed(_ code: Int32, _ message: String, _ at: Int64, _ rules: ContainerRules)
        -> [ContainerAction]
    {
        guard case .starting(let before) = state else { return [] }
        let neverRan = (before?.startedAt ?? 0) == 0
        let conclusion = Conclusion(
            exitCode: code, startedAt: before?.startedAt ?? 0, finishedAt: neverRan ? 0 : at, error: message)
        state = neverRan ? .created(conclusion) : .exited(conclusion)
        // Nobody is told of an end: it never ran, and whoever wanted it to start gets the error.
        if rules.autoRemove {
            state = .removing(conclusion)
            return [.release, .remove]
        }
        return [.release, .save]
    }

    private mutating func ended(_ record: ExitRecord, _ rules: ContainerRules) -> [ContainerAction] {
        guard let run = state.run else { return [] }
        var conclusion = Conclusion(
            exitCode: record.status.code, startedAt: run.startedAt, finishedAt: record.finishedAt,
            outOfMemory: run.outOfMemory)
        switch record.status {
        case .exited: break
        case .signaled(_, let outOfMemory): conclusion.outOfMemory = conclusion.outOfMemory || outOfMemory
        case .lost(let reason): conclusion.error = reason
        }
        let duration = max(0, record.finishedAt - run.startedAt)
        let die = ContainerAction.publish(
            "die", ["exitCode": String(conclusion.exitCode), "execDuration": String(duration / 1_000_000_000)])
        let delay = backoff.next(
            policy: rules.restart, exitCode: conclusion.exitCode, ranFor: duration, stoppedByClient: stoppedByClient)
        if let delay {
            state = .restarting(conclusion)
            return [.release, .save, die, .conclude(conclusion), .scheduleRestart(milliseconds: delay)]
        }
        if rules.autoRemove {
            state = .removing(conclusion)
            return [.release, die, .conclude(conclusion), .remove]
        }
        state = .exited(conclusion)
        return [.release, .save, die, .conclude(conclusion)]
    }

    private mutating func outOfMemory() -> [ContainerAction] {
        switch state {
        case .running(var run):
            run.outOfMemory = true
            state = .running(run)
        case .paused(var run):
            run.outOfMemory = true
            state = .paused(run)
        default: return []
        }
        return [.publish("oom", [:])]
    }

    private mutating func paused(_ rules: ContainerRules) throws(EngineError) -> [ContainerAction] {
        switch state {
        case .running(let run): state = .paused(run)
        case .paused: throw EngineError(.conflict, "container \(rules.id) is already paused")
        case .restarting:
            throw EngineError(
                .conflict, "container \(rules.id) is restarting, wait until the container is running")
        default: throw .notRunning(rules.id)
        }
        return [.save, .publish("pause", [:])]
    }

    private mutating func resumed(_ rules: ContainerRules) throws(EngineError) -> [ContainerAction] {
        guard case .paused(let run) = state else {
            throw EngineError(.conflict, "container \(rules.id) is not paused")
        }
        state = .running(run)
        return [.save, .publish("unpause", [:])]
    }

    private mutating func stop() throws(EngineError) -> [ContainerAction] {
        switch state {
        case .running, .paused:
            stoppedByClient = true
            return []
        case .restarting(let conclusion):
            stoppedByClient = true
            state = .exited(conclusion)
            return [.cancelRestart, .save, .conclude(conclusion)]
        default:
            throw EngineError(.notModified, "the container is already stopped")
        }
    }

    private mutating func remove(force: Bool, _ rules: ContainerRules) throws(EngineError) -> [ContainerAction] {
        switch state {
        case .running, .starting:
            guard force else {
                throw rules.cannotRemove("container is running: stop the container before removing or force remove")
            }
            stoppedByClient = true
            return [.kill]
        case .paused:
            guard force else {
                throw rules.cannotRemove("container is paused and must be unpaused first")
            }
            stoppedByClient = true
            return [.kill]
        case .restarting(let conclusion):
            guard force else {
                throw rules.cannotRemove(
                    "container is restarting: stop the container before removing or force remove")
            }
            state = .removing(conclusion)
            return [.cancelRestart, .remove]
        case .removing:
            throw EngineError(.conflict, "removal of container \(rules.id) is already in progress")
        case .created(let conclusion):
            state = .removing(conclusion)
        case .exited(let conclusion):
            state = .removing(conclusion)
        }
        return [.remove]
    }

    private mutating func removalFailed() -> [ContainerAction] {
        guard case .removing(let conclusion) = state else { return [] }
        state =
            (conclusion?.startedAt ?? 0) == 0 ? .created(conclusion) : .exited(conclusion ?? Conclusion(exitCode: 0))
        return [.save]
    }
}
