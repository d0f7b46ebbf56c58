internal import ContainerRuntime
internal import Glibc
package import Linux
internal import OCI
package import Wire

/// Makes the container itself, on the kernel that this process runs on.
package final class LocalExecutor: Executor, ProcessPumpDelegate {
    package var delegate: (any ExecutorDelegate)?
    private let loop: EventLoop
    private let programs: DevicePrograms
    private var container: RunningContainer?
    private var pump: ProcessPump?
    private var seccompFilter: [UInt8]?
    private var outOfMemory: Descriptor?
    private var outOfMemoryKills: UInt64 = 0
    private var execs: [String: ExecSession] = [:]

    /// Makes containers whose descriptors are watched in this loop.
    ///
    /// - Parameter programs: those that decide about devices of containers before.
    package init(in loop: EventLoop, programs: DevicePrograms = DevicePrograms()) {
        self.loop = loop
        self.programs = programs
    }

    package var hasWaitingInput: Bool { pump?.hasWaitingInput ?? false }
    package func setReading(_ stream: Frame.Stream, _ on: Bool) { pump?.setReading(stream, on) }
    package func write(_ bytes: [UInt8]) { pump?.write(bytes) }
    package func closeInput() { pump?.closeInput() }
    package func put(out bytes: [UInt8], _ stream: Frame.Stream) { delegate?.put(out: bytes, stream) }
    package func ended(_ stream: Frame.Stream) { delegate?.ended(stream) }
    package func inputTaken() { delegate?.inputTaken() }

    package func perform(_ request: Request, answer: @escaping (Response) -> Void) {
        let response: Response
        do throws(Failure) { response = try perform(request) } catch { response = .failed(error) }
        answer(response)
    }

    private func perform(_ request: Request) throws(Failure) -> Response {
        switch request {
        case .create(let setup): return .created(process: try create(setup))
        case .start(let interfaces): try start(interfaces)
        case .signal(let number, let process): try signal(number, process)
        case .resize(let rows, let columns, let process): try resize(rows, columns, process)
        case .pause, .resume, .processes, .statistics, .mount, .unmount, .delete:
            do { return try performInContainer(request) } catch { throw Failure(error) }
        case .select, .attach, .exec, .state, .powerOff, .limit, .unreadable:
            throw Failure(.invalid, "not a verb for an executor")
        }
        return .done
    }

    private func performInContainer(_ request: Request) throws(RuntimeError) -> Response {
        switch request {
        case .pause: try container?.pause()
        case .resume: try container?.resume()
        case .processes: return .processes(try container?.processes().map { ProcessReport($0) } ?? [])
        case .statistics: return .statistics(try statistics())
        case .mount(let source, let target, let readOnly):
            try container?.bind(source: source, target: target, readOnly: readOnly)
        case .unmount(let target): try container?.unbind(target: target)
        case .delete: try delete()
        default: break
        }
        return .done
    }

    // MARK: The first process

    private func create(_ setup: ContainerSetup) throws(Failure) -> Int32 {
        let specification: RuntimeSpecification
        do {
            specification = try RuntimeSpecification(parsing: Array(setup.specification.utf8))
        } catch {
            throw Failure(.invalid, "config.json: \(error)")
        }
        let terminal = specification.process?.terminal ?? false
        let blueprint = ContainerBlueprint(setup, specification)
        let number: Int32
        do {
            let created = try RunningContainer.create(
                blueprint, streams: terminal ? .terminal : .pipes(input: setup.standardInput != .none),
                programs: programs)
            number = created.process
            container = consume created
        } catch {
            throw Failure(error)
        }
        do {
            try watch(terminal: terminal)
        } catch {
            // What made the container useless matters more than what its removal may add.
            try? destroy()
            throw Failure(error)
        }
        seccompFilter = setup.seccompFilter
        return number
    }

    private func watch(terminal: Bool) throws(SystemError) {
        guard var created = container.take() else { return }
        let streams = created.takeStreams()
        let descriptor = created.processDescriptor.rawValue
        container = consume created
        let pump = try ProcessPump(streams, terminal: terminal, in: loop)
        self.pump = pump
        try loop.add(descriptor, .readable) { [self] _ in reap() }
        // Until the end of the process, of which the loop tells from here on.
        pump.delegate = self
    }

    private func start(_ interfaces: [InterfaceSetup]) throws(Failure) {
        do {
            try container?.start(configuring: interfaces.map { InterfaceConfiguration($0) })
        } catch {
            // The process has ended without having executed the program: nothing is left to be told of.
            pump?.delegate = nil
            pump?.drain()
            try? destroy()
            throw Failure(error)
        }
        pump?.begin()
        watchMemory()
    }

    private func watchMemory() {
        // Where the host can't tell of it, or won't, an end for want of memory is an end by SIGKILL.
        outOfMemory = try? container?.outOfMemoryDescriptor()
        guard let number = outOfMemory?.rawValue else { return }
        try? loop.add(number, [.readable, .priority]) { [self] _ in
            _ = try? outOfMemory?.read(upTo: 4096)
            countKills()
        }
    }

    private func countKills() {
        guard let kills = container?.outOfMemoryKills, kills > outOfMemoryKills else { return }
        outOfMemoryKills = kills
        delegate?.ranOutOfMemory()
    }

    private func reap() {
        let status: ExitStatus
        do {
            guard let end = try container?.reap() else { return }
            countKills()
            status = ExitStatus(end, outOfMemory: outOfMemoryKills > 0)
        } catch {
            status = .lost(reason: "\(error)")
        }
        pump?.drain()
        pump?.delegate = nil
        do { try destroy() } catch { Console.report("what is left of the container could not be removed: \(error)") }
        delegate?.ended(status)
    }

    private func delete() throws(RuntimeError) {
        // Its end is reaped in the loop, like any other.
        try container?.signal(SIGKILL)
        // A frozen process ends only when it is thawed; that one which is not frozen can't be is no news.
        try? container?.resume()
    }

    /// Kills what is left and removes the cgroup.
    private func destroy() throws(RuntimeError) {
        if let number = container?.processDescriptor.rawValue { loop.remove(number) }
        if let number = outOfMemory?.rawValue { loop.remove(number) }
        outOfMemory = nil
        guard let last = container.take() else { return }
        try last.destroy()
    }

    // MARK: Further processes

    package func exec(_ setup: ExecSetup, _ number: UInt32, on connection: Connection) {
        do throws(Failure) {
            let session = try session(setup)
            execs[setup.id] = session
            session.begin(number, on: connection)
        } catch {
            connection.respond(number, .failed(error))
        }
    }

    /// Makes the process.
    private func session(_ setup: ExecSetup) throws(Failure) -> ExecSession {
        let process: RuntimeProcess
        do {
            process = try RuntimeProcess(JSONField(JSON(parsing: setup.process)))
        } catch {
            throw Failure(.invalid, "process: \(error)")
        }
        let wanted = setup.streams
        let streams: StandardStreams =
            process.terminal
            ? .terminal
            : wanted.input || wanted.output || wanted.error ? .pipes(input: wanted.input) : .none
        guard execs[setup.id] == nil else { throw Failure(.invalid, "there is an exec \(setup.id) already") }
        let made: ExecutedProcess?
        do {
            made = try container?.exec(process, streams: streams, seccompFilter: seccompFilter)
        } catch {
            throw Failure(error)
        }
        guard var made else { throw Failure(.wrongState, "the container does not run") }
        do {
            let descriptor = ProcessDescriptor(adopting: try made.processDescriptor.descriptor.duplicate())
            // The session holds this object until its process has ended.
            return try ExecSession(
                setup, made.process, descriptor, made.takeStreams(), terminal: process.terminal, in: loop
            ) { [self] record in
                execs[setup.id] = nil
                delegate?.ended(process: setup.id, record)
            }
        } catch {
            throw Failure(error)
        }
    }

    package func owns(_ process: Int32) -> Bool {
        container?.process == process || execs.values.contains { $0.process == process }
    }

    private func session(_ process: String) throws(Failure) -> ExecSession {
        guard let session = execs[process] else { throw Failure(.noSuchProcess, "no such exec: \(process)") }
        return session
    }

    private func signal(_ number: Int32, _ process: String?) throws(Failure) {
        guard let process else {
            do { try container?.signal(number) } catch { throw Failure(error) }
            return
        }
        let session = try session(process)
        do { try session.signal(number) } catch { throw Failure(error) }
    }

    private func resize(_ rows: UInt16, _ columns: UInt16, _ process: String?) throws(Failure) {
        let session: ExecSession? = if let process { try self.session(process) } else { nil }
        do throws(SystemError) {
            if let session { return try session.resize(rows: rows, columns: columns) }
            if let terminal = pump?.terminal { try Terminal.resize(terminal, rows: rows, columns: columns) }
        } catch {
            throw Failure(error)
        }
    }

    private func statistics() throws(RuntimeError) -> StatisticsReport {
        guard let statistics = try container?.statistics() else { return StatisticsReport() }
        return StatisticsReport(statistics)
    }
}
