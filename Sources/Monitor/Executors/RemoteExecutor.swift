internal import Glibc
internal import Linux
internal import OCI
internal import Wire

/// Has the container made by the agent of a machine: verbs go over one connection, its streams over another, and each
/// further process has a connection of its own.
final class RemoteExecutor: Executor, ConnectionHandler {
    /// Milliseconds without any output after which no more is waited for, once the agent has told of the container's end. As
    /// long as some comes it is taken: much of it may be on its way, and the way slow.
    private static let silence: Int64 = 10_000

    var delegate: (any ExecutorDelegate)?
    private let socket: String
    private let loop: EventLoop
    private var container = ""
    private var control: Connection?
    private var streams: Connection?
    private var pending: [UInt32: (Response) -> Void] = [:]
    private var nextNumber: UInt32 = 0
    private var attached: ((Response) -> Void)?
    private var status: ExitStatus?
    /// Whether output came since it was last looked.
    private var hasProgressed = false
    /// Further processes whose end has not been told.
    private var execs: Set<String> = []

    /// Makes containers in the machine whose agent is reached through this socket.
    init(socket: String, in loop: EventLoop) {
        self.socket = socket
        self.loop = loop
    }

    private func connect(handler: any ConnectionHandler) throws(Failure) -> Connection {
        do {
            return try Connection(adopting: UnixSocket.connect(socket), in: loop, handler: handler)
        } catch {
            throw Failure(.gone, "the machine can't be reached: \(error)")
        }
    }

    // MARK: Verbs

    func perform(_ request: Request, answer: @escaping (Response) -> Void) {
        if case .create(let setup) = request { return create(setup, answer: answer) }
        send(request, answer: answer)
    }

    private func send(_ request: Request, answer: @escaping (Response) -> Void) {
        guard let control, !control.isClosed else { return answer(.failed(gone)) }
        nextNumber &+= 1
        pending[nextNumber] = answer
        control.send(.message(.request(nextNumber, request)))
    }

    private var gone: Failure { Failure(.gone, "the machine is gone") }

    private func create(_ setup: ContainerSetup, answer: @escaping (Response) -> Void) {
        container = setup.id
        var there = setup
        there.executor = .local
        there.log = nil
        there.exitRecordPath = nil
        there.inheritedDescriptors = []
        // For the agent this monitor is the one client: when it ends the input, the input ends.
        if setup.standardInput != .none { there.standardInput = .closesAfterFirstClient }
        do throws(Failure) {
            control = try connect(handler: self)
        } catch {
            return answer(.failed(error))
        }
        let input = setup.standardInput != .none
        send(.create(there)) { [self] response in
            guard case .created = response else { return answer(response) }
            attach(input: input) { attached in
                // Only now may the program start: every byte of it will be seen.
                if case .failed = attached { answer(attached) } else { answer(response) }
            }
        }
    }

    private func attach(input: Bool, answer: @escaping (Response) -> Void) {
        do throws(Failure) {
            let streams = try connect(handler: self)
            self.streams = streams
            attached = answer
            streams.send(.message(.request(0, .select(container: container))))
            streams.send(.message(.request(1, .attach(AttachSetup(input: input, output: true, error: true)))))
        } catch {
            answer(.failed(error))
        }
    }

    func exec(_ setup: ExecSetup, _ number: UInt32, on connection: Connection) {
        do throws(Failure) {
            let relay = ExecRelay(client: connection) { [self] in ended(exec: setup.id, $0) }
            let there = try connect(handler: relay)
            execs.insert(setup.id)
            relay.begin(there, container: container, setup, number)
        } catch {
            connection.respond(number, .failed(error))
        }
    }

    /// Its end comes over its own connection and over the verbs': whoever has seen its streams end finds it told.
    private func ended(exec: String, _ record: ExitRecord?) {
        guard execs.remove(exec) != nil, let record else { return }
        delegate?.ended(process: exec, record)
    }

    // MARK: Streams

    func setReading(_ stream: Frame.Stream, _ on: Bool) {
        // Both streams come over one connection. After the end everything is taken, whoever can keep up or not.
        if on || status != nil { streams?.resumeReading() } else { streams?.pauseReading() }
    }

    func write(_ bytes: [UInt8]) {
        for frame in Frame.splitting(.input, bytes) { streams?.send(frame) }
    }

    func closeInput() { streams?.send(.data(.input, [])) }

    var hasWaitingInput: Bool { streams?.isCongested ?? false }

    func owns(_ process: Int32) -> Bool { false }

    // MARK: What comes

    func received(_ frame: Frame, on connection: Connection) {
        switch frame {
        case .data(let stream, let bytes):
            guard connection === streams, stream != .input else { return }
            hasProgressed = true
            if bytes.isEmpty { delegate?.ended(stream) } else { delegate?.put(out: bytes, stream) }
        case .message(.response(let number, let response)):
            if connection === streams {
                answerAttach(number, response)
            } else {
                pending.removeValue(forKey: number)?(response)
            }
        case .message(.event(.exited(nil, let record))):
            if connection === control { ended(record.status) }
        case .message(.event(.exited(let process?, let record))):
            if connection === control { ended(exec: process, record) }
        case .message(.event(.outOfMemory)):
            delegate?.ranOutOfMemory()
        case .message:
            break
        }
    }

    private func answerAttach(_ number: UInt32, _ response: Response) {
        if case .failed = response {
            attached.take()?(response)
        } else if number == 1 {
            attached.take()?(response)
        }
    }

    private func ended(_ how: ExitStatus) {
        guard status == nil else { return }
        status = how
        guard let streams, !streams.isClosed else { return finish() }
        streams.resumeReading()
        awaitOutput()
    }

    private func awaitOutput() {
        hasProgressed = false
        loop.schedule(afterMilliseconds: RemoteExecutor.silence) { [self] in
            guard delegate != nil else { return }
            if hasProgressed { awaitOutput() } else { finish() }
        }
    }

    private func finish() {
        guard let status, let delegate else { return }
        self.delegate = nil
        // First whoever waits for the end is told of it: what is unanswered then has failed.
        delegate.ended(status)
        control?.end()
        streams?.end()
    }

    func inputEnded(on connection: Connection) { connection.end() }

    func drained(_ connection: Connection) { if connection === streams { delegate?.inputTaken() } }

    func closed(_ connection: Connection) {
        if connection === control {
            let unanswered = pending
            pending = [:]
            for (_, answer) in unanswered.sorted(by: { $0.key < $1.key }) { answer(.failed(gone)) }
            ended(.lost(reason: "the machine is gone"))
        } else {
            attached.take()?(.failed(gone))
            if status != nil { finish() }
        }
    }
}
