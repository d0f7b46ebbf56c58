import Foundation
import Linux
import TestKit
import Testing
import Wire

/// The connections to an agent share one port, and what is said on one may come before what was said on another.
@Suite(.blocking, .enabled(if: getuid() == 0)) struct AgentOrderTests {
    /// The agent's side, played by the test.
    private struct Agent: ~Copyable {
        let listener: Descriptor

        init(_ path: String) throws { listener = try UnixSocket.listen(path) }

        /// The next connection of the monitor.
        func connection() throws -> AgentConnection {
            var poll = pollfd(fd: listener.rawValue, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 20_000) > 0, let socket = try UnixSocket.accept(listener) else {
                throw Probe.TimedOut(what: "a connection of the monitor")
            }
            return AgentConnection(adopting: socket)
        }
    }

    private final class AgentConnection {
        private let socket: Descriptor
        private var decoder = FrameDecoder()

        init(adopting socket: consuming Descriptor) { self.socket = socket }

        /// Reads until a request comes that `answer` has an answer for, and sends it.
        func answer(_ answer: (Request) -> Response?) throws {
            while true {
                while let frame = try decoder.next() {
                    guard case .message(.request(let number, let request)) = frame, let response = answer(request)
                    else { continue }
                    return try send(.message(.response(number, response)))
                }
                guard case .bytes(let bytes) = try socket.read(upTo: 64 << 10) else {
                    throw Probe.TimedOut(what: "a request of the monitor")
                }
                decoder.feed(bytes)
            }
        }

        func send(_ frame: Frame) throws { try socket.writeAll(frame.encoded) }
    }

    @Test func whoHasSeenTheEndOfAnExecFindsItsExitCodeTold() throws {
        let fixture = try MonitorFixture()
        let agent = try Agent(fixture.folder + "/agent.sock")
        var setup = fixture.setup(["sleep", "1000"])
        setup.executor = .remote(socket: fixture.folder + "/agent.sock")
        try fixture.control.send(.create(setup))
        let verbs = try agent.connection()
        try verbs.answer { if case .create = $0 { .created(process: 10) } else { nil } }
        let streams = try agent.connection()
        try streams.answer { if case .attach = $0 { .done } else { nil } }
        try fixture.control.send(.start(interfaces: []))
        try verbs.answer { if case .start = $0 { .done } else { nil } }

        let client = try fixture.connect()
        try client.send(fixture.exec(["sh", "-c", "exit 5"], id: "early"))
        let exec = try agent.connection()
        try exec.answer { if case .exec = $0 { .started(process: 11) } else { nil } }
        let record = ExitRecord(status: .exited(code: 5), startedAt: 1, finishedAt: 2)
        try exec.send(.message(.event(.exited(process: "early", record))))
        #expect(try client.next() == .message(.response(1, .started(process: 11))))
        #expect(try client.next() == .message(.event(.exited(process: "early", record))))

        // Nothing has come over the connection of the verbs, and yet the owner knows.
        let number = try fixture.control.send(.state)
        var seen: [ExitRecord] = []
        while let frame = try fixture.control.next() {
            if case .message(.event(.exited("early", let record))) = frame { seen.append(record) }
            if case .message(.response(number, _)) = frame { break }
        }
        #expect(seen == [record])

        // It comes there too, and is not told twice.
        try verbs.send(.message(.event(.exited(process: "early", record))))
        try verbs.send(.message(.event(.exited(process: nil, record))))
        while let frame = try fixture.control.next() {
            if case .message(.event(.exited(let process, _))) = frame {
                #expect(process == nil)
                break
            }
        }
    }

    /// Longer than a monitor waits where nothing comes, and the end is known from the beginning.
    @Test func outputThatComesSlowlyAfterTheEndIsWhole() throws {
        let fixture = try MonitorFixture()
        let agent = try Agent(fixture.folder + "/agent.sock")
        var setup = fixture.setup(["true"])
        setup.executor = .remote(socket: fixture.folder + "/agent.sock")
        try fixture.control.send(.create(setup))
        let verbs = try agent.connection()
        try verbs.answer { if case .create = $0 { .created(process: 10) } else { nil } }
        var streams: AgentConnection? = try agent.connection()
        try streams?.answer { if case .attach = $0 { .done } else { nil } }
        let client = try fixture.connect()
        try client.send(.attach(AttachSetup(input: false, output: true, error: true)))
        #expect(try client.next() == .message(.response(1, .done)))
        try fixture.control.send(.start(interfaces: []))
        try verbs.answer { if case .start = $0 { .done } else { nil } }

        let record = ExitRecord(status: .exited(code: 0), startedAt: 1, finishedAt: 2)
        try verbs.send(.message(.event(.exited(process: nil, record))))
        let pieces = 6
        for piece in 0..<pieces {
            try streams?.send(.data(.output, [UInt8(piece)]))
            // Time itself is what is tried.
            if piece + 1 < pieces { usleep(2_500_000) }
        }
        try streams?.send(.data(.output, []))
        try streams?.send(.data(.error, []))
        streams = nil
        var seen: [UInt8] = []
        while let frame = try client.next() {
            if case .data(.output, let bytes) = frame {
                if bytes.isEmpty { break }
                seen += bytes
            }
        }
        #expect(seen == (0..<pieces).map { UInt8($0) })
    }
}
