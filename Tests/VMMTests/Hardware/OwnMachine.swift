import Glibc
import Linux
import OCI
import TestKit
import Wire

@testable import VMM

/// A bulkhead-vmm that is a machine itself, with the tests' guest in it.
final class OwnMachine {
    let setup: MachineSetup
    let process: Int32
    private let handle: ProcessDescriptor
    private let console: Descriptor
    private let words: String
    private var hasEnded = false

    /// Starts one whose guest does what `line` says; `descriptors`: how many it may have.
    init(
        _ line: String, in resources: TestResources, descriptors: Int? = nil,
        _ change: (inout MachineSetup) throws -> Void = { _ in }
    ) throws {
        let directory = resources.directory
        try Files.write("\(directory)/kernel", try GuestProgram.bytes(.pvh))
        try Files.write("\(directory)/initrd", [UInt8](repeating: 0, count: 4096))
        var setup = MachineSetup(
            accelerator: "kvm", emulator: nil, processors: 1, memory: 64 << 20, kernel: "\(directory)/kernel",
            initrd: "\(directory)/initrd", commandLine: line, guestSocket: "\(directory)/guest.sock",
            controlSocket: "\(directory)/control.sock")
        setup.user = "65534:65534"
        try change(&setup)
        let pipe = try PipePair()
        words = "\(directory)/words"
        let errors = try Descriptor.open(words, [.writeOnly, .create, .truncate])
        let program = try Command.built("bulkhead-vmm")
        let limited = descriptors.map { ["--nofile=\($0)", program] } ?? []
        process = try Spawn.process(
            path: limited.isEmpty ? program : "/usr/bin/prlimit",
            arguments: limited + ["--setup", setup.json.description],
            descriptors: [(1, pipe.writing.rawValue), (2, errors.rawValue)]
                + (setup.tap.map { [($0, $0)] } ?? []))
        handle = try ProcessDescriptor(process: process)
        console = pipe.reading
        self.setup = setup
    }

    deinit { if !hasEnded { kill() } }

    /// Waits until the guest has printed this.
    func awaitPrinted(_ text: String) throws {
        var seen = ""
        while !seen.contains(text) {
            guard case .bytes(let bytes) = try console.read(upTo: 4096) else {
                throw GuestError("the machine has ended before it printed \(text): \(seen)\n\(try said)")
            }
            seen += String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Waits until the first processor's thread waits for another thread; what the guest prints is not read meanwhile.
    func awaitWaitingProcessor() throws {
        let tasks = "/proc/\(process)/task"
        while true {
            for task in try Files.entries(of: tasks) {
                let isProcessor = try Files.readText("\(tasks)/\(task)/comm") == "vcpu0\n"
                if isProcessor, try Files.readText("\(tasks)/\(task)/syscall").hasPrefix("202 ") { return }
            }
            sched_yield()
        }
    }

    /// Its end, and what the guest has printed up to it.
    func end() throws -> (end: ProcessEnd, console: String) {
        let text = String(decoding: try console.readAll(), as: UTF8.self)
        return (try endUnread(), text)
    }

    /// Its end while nobody reads what the guest prints.
    func endUnread() throws -> ProcessEnd {
        guard let end = try handle.waitForEnd(atMost: 60_000) else {
            throw GuestError("the machine has not ended within 60 s: \(try said)")
        }
        hasEnded = true
        return end
    }

    /// What bulkhead-vmm itself has said.
    var said: String { get throws { try Files.readText(words) } }

    /// Why it ended, as it has written it down.
    var reason: String {
        get throws { try Files.readText(MachineSetup.reasonPath(guestSocket: setup.guestSocket)) }
    }

    /// Asks it something on its control socket, which is there once the guest runs.
    func ask(_ request: Request) throws -> Response {
        let socket = try UnixSocket.connect(setup.controlSocket)
        try socket.writeAll(Wire.Frame.message(.request(1, request)).encoded)
        var decoder = FrameDecoder()
        while true {
            guard case .bytes(let bytes) = try socket.read(upTo: 4096) else {
                throw GuestError("the control socket has ended: \(try said)")
            }
            decoder.feed(bytes)
            if case .message(.response(_, let response)) = try decoder.next() { return response }
        }
    }

    /// Ends it at once.
    func kill() {
        // It may have ended by itself.
        try? handle.signal(SIGKILL)
        _ = try? handle.waitForEnd()
        hasEnded = true
    }
}
