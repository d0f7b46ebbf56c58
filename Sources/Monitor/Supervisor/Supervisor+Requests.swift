internal import Linux
package import Wire

extension Supervisor {
    /// Carries out a request and answers it on the connection that it came on.
    package func handle(_ request: Request, _ number: UInt32, on connection: Connection) {
        memory.used()
        do throws(Failure) {
            try carryOut(request, number, on: connection)
        } catch {
            connection.respond(number, .failed(error))
        }
    }

    private func carryOut(_ request: Request, _ number: UInt32, on connection: Connection) throws(Failure) {
        switch request {
        case .create(let setup): try create(setup) { connection.respond(number, $0) }
        case .start(let interfaces): try start(interfaces) { connection.respond(number, $0) }
        case .state: connection.respond(number, .state(report))
        case .select(let container):
            guard container == setup?.id else { throw Failure(.invalid, "this is not container \(container)") }
            connection.respond(number, .done)
        case .attach(let wanted):
            guard let streams, !isIdle else { throw notRunning }
            remove(control: connection)
            connection.respond(number, .done)
            streams.add(connection, wanted)
        case .exec(let setup):
            guard case .running(_, _, let paused) = state, let executor else { throw notRunning }
            guard !paused else { throw Failure(.wrongState, "the container is paused") }
            remove(control: connection)
            executor.exec(setup, number, on: connection)
        case .pause: try setPaused(true, request) { connection.respond(number, $0) }
        case .resume: try setPaused(false, request) { connection.respond(number, $0) }
        case .signal, .resize, .processes, .statistics, .mount, .unmount:
            guard !isIdle, let executor else { throw notRunning }
            executor.perform(request) { connection.respond(number, $0) }
        case .delete:
            guard !isIdle, let executor else {
                connection.respond(number, .done)
                return finishUp()
            }
            deletions.append((connection, number))
            executor.perform(.delete) { [self] response in
                // What it can't kill may still end by itself; whoever waits must know, though.
                guard case .failed = response,
                    let place = deletions.firstIndex(where: { $0.connection === connection && $0.number == number })
                else { return }
                deletions.remove(at: place)
                connection.respond(number, response)
            }
        case .powerOff, .limit: throw Failure(.invalid, "this is not a machine")
        case .unreadable(let problem): throw Failure(.invalid, "the request can't be read: \(problem)")
        }
    }

    private var notRunning: Failure {
        if case .empty = state { return Failure(.wrongState, "the container has not been created") }
        return isIdle
            ? Failure(.wrongState, "the container has ended") : Failure(.wrongState, "the container does not run")
    }

    private func create(_ setup: ContainerSetup, answer: @escaping (Response) -> Void) throws(Failure) {
        guard case .empty = state, executor == nil else {
            throw Failure(.wrongState, "the container has been created already")
        }
        let executor = try makeExecutor(setup.executor)
        let streams = try StreamHub(setup)
        executor.delegate = self
        self.setup = setup
        self.executor = executor
        self.streams = streams
        streams.executor = executor
        executor.perform(.create(setup)) { [self] response in
            if case .created(let process) = response {
                state = .created(process: process)
            } else {
                state = .failed
            }
            answer(response)
            if case .failed = state { finishUp() }
        }
    }

    private func start(_ interfaces: [InterfaceSetup], answer: @escaping (Response) -> Void) throws(Failure) {
        guard case .created(let process) = state, let executor else {
            throw Failure(.wrongState, "the container is not waiting to be started")
        }
        let startedAt = Clock.realtimeNanoseconds
        executor.perform(.start(interfaces: interfaces)) { [self] response in
            // It may have been deleted while the answer was under way.
            guard case .created = state else { return answer(response) }
            if case .done = response {
                state = .running(process: process, startedAt: startedAt, paused: false)
            } else {
                state = .failed
            }
            answer(response)
            if case .failed = state { finishUp() }
        }
    }

    private func setPaused(
        _ paused: Bool, _ request: Request, answer: @escaping (Response) -> Void
    ) throws(Failure) {
        guard case .running(_, _, let isPaused) = state, let executor else { throw notRunning }
        guard isPaused != paused else {
            throw Failure(.wrongState, "the container is \(paused ? "paused already" : "not paused")")
        }
        executor.perform(request) { [self] response in
            if case .done = response, case .running(let process, let startedAt, _) = state {
                state = .running(process: process, startedAt: startedAt, paused: paused)
            }
            answer(response)
        }
    }
}
