import OCI
import Testing

@testable import Wire

@Suite struct MessageTests {
    static let setup: ContainerSetup = {
        var setup = ContainerSetup(
            id: "c1", specification: #"{"ociVersion":"1.2.0"}"#,
            root: .overlay(lower: ["/a", "/b"], upper: "/u", work: "/w"), seccompFilter: [0, 1, 0xFF, 0x7F])
        setup.files = [FileSetup(destination: "/etc/hosts", content: "127.0.0.1\tlocalhost\n")]
        setup.standardInput = .closesAfterFirstClient
        setup.executor = .remote(socket: "/run/x/guest.sock")
        setup.log = LogSetup(path: "/c1.log", maximumSize: 1 << 40, maximumFiles: 3)
        setup.exitRecordPath = "/c1/exit.json"
        setup.inheritedDescriptors = [4, 5]
        return setup
    }()

    static let record = ExitRecord(status: .signaled(signal: 9, outOfMemory: true), startedAt: 5, finishedAt: 1 << 60)

    static let machine: MachineReport = {
        var report = MachineReport()
        report.exits = ["ports": 1 << 40]
        report.devices = ["disk": ["requests": 3, "errors": 0], "net": [:]]
        (report.memory, report.memoryUsed, report.memoryShared) = (1 << 40, 2, 3)
        (report.balloon, report.memoryReturned) = (4, .max)
        return report
    }()

    static let limits: MachineLimits = {
        var limits = MachineLimits()
        limits.disk = MachineLimits.Rate(bytes: 1 << 30, operations: 7)
        limits.receiving = MachineLimits.Rate()
        limits.balloon = 0
        return limits
    }()

    static let statistics: StatisticsReport = {
        var report = StatisticsReport()
        report.processorTotal = .max
        report.memoryMaximum = 7
        report.memoryDetails = ["anon": 3]
        report.interfaces = ["eth0": InterfaceCounters()]
        report.interfaces["eth0"]?.sentDropped = 9
        report.processors = 2
        report.machine = machine
        return report
    }()

    static let messages: [Message] =
        [
            Request.select(container: "c1"), .create(setup),
            .create(ContainerSetup(id: "c2", specification: "", root: .directory("/r"))),
            .start(interfaces: []),
            .start(interfaces: [
                InterfaceSetup(
                    name: "eth0", hardwareAddress: "02:42:ac:11:00:02", addresses: ["172.17.0.2/16"],
                    gateway: "172.17.0.1", mtu: 1500, guestBridge: true)
            ]),
            .attach(AttachSetup(input: true, output: false, error: true)),
            .exec(
                ExecSetup(id: "e", process: "{}", streams: AttachSetup(input: false, output: true, error: true))),
            .signal(number: 15, process: nil), .signal(number: 9, process: "e"),
            .resize(rows: 24, columns: 80, process: nil), .pause, .resume, .state, .processes, .statistics,
            .mount(source: "/s", target: "/t", readOnly: true), .unmount(target: "/t"), .delete, .powerOff,
            .limit(limits), .limit(MachineLimits()),
        ].enumerated().map { .request(UInt32($0), $1) }
        + [
            Response.done, .created(process: 12), .started(process: 13),
            .state(ContainerReport(phase: .stopped, process: 0, startedAt: 5, exit: record)),
            .processes([
                ProcessReport(
                    user: 1, process: 2, parent: 3, ticks: 4, startedAt: 5, virtualMemory: 6, residentMemory: 7,
                    state: "S", terminal: "pts/0", command: "sh \u{1}")
            ]),
            .processes([]), .statistics(statistics), .failed(Failure(.commandNotFound, "no \"sh\"")),
        ].enumerated().map { .response(UInt32.max - UInt32($0), $1) }
        + [
            .event(.exited(process: nil, record)), .event(.outOfMemory),
            .event(
                .exited(
                    process: "e", ExitRecord(status: .exited(code: 255), startedAt: 0, finishedAt: 0))),
            .event(.exited(process: nil, ExitRecord(status: .lost(reason: "gone"), startedAt: 0, finishedAt: 0))),
            .event(.ready(AgentReport(kernel: "6.1.0", readyAfter: 2_000_000))),
        ]

    @Test(arguments: [1, 3, 7, 64, 1 << 20]) func everyFrameArrivesHoweverTheBytesAreCut(chunk: Int) throws {
        let frames =
            MessageTests.messages.map { Frame.message($0) } + [
                .data(.input, []), .data(.error, Array(repeating: 7, count: Frame.largestData)), .data(.output, [0]),
            ]
        let bytes = frames.flatMap(\.encoded)
        var decoder = FrameDecoder()
        var decoded: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            decoder.feed(Array(bytes[start..<min(start + chunk, bytes.count)]))
            while let frame = try decoder.next() { decoded.append(frame) }
        }
        #expect(decoded == frames)
        #expect(decoder.isBetweenFrames)
    }

    private func decode(_ text: String, kind: UInt8 = 1) throws -> Frame? {
        var decoder = FrameDecoder()
        decoder.feed([kind, 0, 0, 0, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8))
        return try decoder.next()
    }

    @Test func membersThatAreNotKnownArePassedOver() throws {
        let frame = try decode(#"{"id":1,"new":[],"request":{"verb":"signal","number":9,"later":{"a":1}}}"#)
        #expect(frame == .message(.request(1, .signal(number: 9, process: nil))))
    }

    @Test func anUnknownVerbIsARequestThatCanBeAnswered() throws {
        guard case .message(.request(3, .unreadable(let problem)))? = try decode(#"{"id":3,"request":{"verb":"fly"}}"#)
        else {
            Issue.record("not a request that can be answered")
            return
        }
        #expect(problem.contains("fly"))
    }

    @Test func aRequestThatLacksAMemberSaysWhich() throws {
        guard case .message(.request(3, .unreadable(let problem)))? = try decode(#"{"id":3,"request":{"verb":"exec"}}"#)
        else {
            Issue.record("not a request that can be answered")
            return
        }
        #expect(problem.contains("setup"))
    }

    @Test func anUnknownAnswerIsAFailureAndAnUnknownEventIsPassedOver() throws {
        guard case .message(.response(4, .failed))? = try decode(#"{"id":4,"response":{"kind":"song"}}"#) else {
            Issue.record("not a failure")
            return
        }
        #expect(try decode(#"{"event":{"kind":"weather"}}"#) == nil)
        #expect(try decode("whatever", kind: 9) == nil)
    }

    @Test func whatIsNotTheProtocolIsAnError() {
        #expect(throws: WireError.self) { try decode("{") }
        #expect(throws: WireError.tooLarge(length: 0x7FFF_FFFF)) {
            var decoder = FrameDecoder()
            decoder.feed([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F])
            _ = try decoder.next()
        }
        #expect(throws: WireError.self) {
            var decoder = FrameDecoder()
            decoder.feed([2, 3, 0, 0, 0, 0, 0, 0])
            _ = try decoder.next()
        }
    }

    @Test func theExitRecordIsReadBackFromItsFile() throws {
        #expect(try ExitRecord(fileContent: MessageTests.record.fileContent) == MessageTests.record)
        #expect(throws: WireError.self) { try ExitRecord(fileContent: []) }
    }
}
