public import Wire

extension Engine {
    /// The containers, newest first; only the running ones unless `all`.
    public func list(all: Bool = false) -> [ContainerRecord] {
        containers.values.map(\.record)
            .filter { all || $0.state.isRunning }
            .sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// One container, by its name, its identifier or a unique beginning of that.
    public func container(named name: String) throws(EngineError) -> ContainerRecord { try find(name).record }

    /// Gives it another name.
    public func rename(_ name: String, to newName: String) async throws(EngineError) {
        let container = try find(name)
        guard !newName.isEmpty else { throw EngineError(.invalid, "neither old nor new names may be empty") }
        let oldName = container.record.name
        if newName == oldName || newName == "/" + oldName {
            throw EngineError(.invalid, "Renaming a container with the same name as its current name")
        }
        let newName = try availableName(newName)
        try database.rename(container.id, to: newName)
        names[oldName] = nil
        names[newName] = container.id
        container.record.name = newName
        publish(container, "rename", ["oldName": "/" + oldName])
    }

    /// Freezes its processes.
    public func pause(_ name: String) async throws(EngineError) {
        let container = try find(name)
        await container.gate.enter()
        defer { container.gate.leave() }
        var life = container.record.life
        let actions = try life.handle(.paused, container.rules)
        try await monitor(of: container).request(.pause)
        guard container.record.state.isRunning else { throw .notRunning(container.id) }
        container.record.life = life
        try await perform(actions, container)
    }

    /// Thaws its processes.
    public func unpause(_ name: String) async throws(EngineError) {
        let container = try find(name)
        await container.gate.enter()
        defer { container.gate.leave() }
        var life = container.record.life
        let actions = try life.handle(.resumed, container.rules)
        try await monitor(of: container).request(.resume)
        container.record.life = life
        try await perform(actions, container)
    }

    /// Sets the size of its terminal.
    public func resize(_ name: String, rows: UInt16, columns: UInt16) async throws(EngineError) {
        let container = try find(name)
        guard container.record.state.isRunning else { throw .notRunning(container.id) }
        try await monitor(of: container).request(.resize(rows: rows, columns: columns, process: nil))
        publish(container, "resize", ["height": String(rows), "width": String(columns)])
    }

    /// Its processes.
    public func top(_ name: String) async throws(EngineError) -> [ProcessReport] {
        let container = try find(name)
        guard container.record.state.isRunning else { throw .notRunning(container.id) }
        guard case .processes(let processes) = try await monitor(of: container).request(.processes) else {
            throw EngineError(.internal, "the monitor did not answer with processes")
        }
        publish(container, "top")
        return processes
    }

    /// What it has used so far; nil where it does not run.
    public func statistics(_ name: String) async throws(EngineError) -> StatisticsReport? {
        let container = try find(name)
        guard container.record.state.isRunning, let monitor = container.monitor else { return nil }
        guard case .statistics(let report) = try await monitor.request(.statistics) else {
            throw EngineError(.internal, "the monitor did not answer with statistics")
        }
        return report
    }

    /// Who runs it.
    func monitor(of container: ManagedContainer) throws(EngineError) -> MonitorClient {
        guard let monitor = container.monitor else { throw .notRunning(container.id) }
        return monitor
    }

    /// Tells who listens what happened to a container, with the attributes that Docker gives.
    func publish(_ container: ManagedContainer, _ action: String, _ attributes: [String: String] = [:]) {
        let record = container.record
        let all = record.resolved.labels
            .merging(["image": record.specification.image, "name": record.name]) { $1 }
            .merging(attributes) { $1 }
        events.publish(
            EngineEvent(
                kind: .container, action: action, actor: record.id, attributes: all, time: Timestamp.now))
    }
}
