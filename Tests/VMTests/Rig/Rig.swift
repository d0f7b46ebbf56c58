import Foundation
import Glibc
import Linux
import TestKit

/// The tests' own machine: Debian with systemd, D-Bus and nothing but cgroup v2, in QEMU without KVM.
///
/// ```swift
/// try await Rig.run { rig in
///     let result = try rig.run("busctl --version")
///     …
/// }
/// ```
///
/// It lives as long as `body`. Where that throws, console and emulator's words stay, and the error says where.
struct Rig: ~Copyable {
    /// The folder of the console's log and the emulator's.
    let logs: String
    private var port: RigPort
    private let monitor: RigMonitor
    private let emulator: ProcessDescriptor
    /// The command that has not been answered in time. Its answer may come yet: nothing can be asked for any more.
    private var unanswered: String?

    /// Seconds that a command may take where nothing else is said: far more than any needs on a host that is busy with all
    /// the other tests, for it is there to end those that hang.
    static let patience = 300
    /// Seconds more until it has told that it has killed one.
    private static let grace = 120

    /// Boots the machine on a thread of its own, for it may take minutes, and gives it to `body`; ends it in any case.
    /// Waits first where enough others run.
    static func run<R: Sendable>(
        _ options: RigOptions = RigOptions(), _ body: @escaping @Sendable (inout Rig) throws -> R
    ) async throws -> R {
        try await runAgain(options) { rig, _ in try body(&rig) }
    }

    /// How often a machine is booted where it is its own fault that nothing comes of it. The kernel of a rig with machines in it
    /// ended or hung now and then, what no process can do to it: QEMU's emulation of a processor that virtualises, it seems.
    private static let attempts = 3

    /// The same; `body` hears, too, whether it will not be called again, be it the rig's fault or not.
    static func runAgain<R: Sendable>(
        _ options: RigOptions, _ body: @escaping @Sendable (inout Rig, _ isLast: Bool) throws -> R
    ) async throws -> R {
        await RigSlots.shared.enter()
        let result: Result<R, any Error> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result {
                        for attempt in 2...attempts {
                            do {
                                return try withTestResources { try boot(options, in: $0) { try body(&$0, false) } }
                            } catch let error as RigError where error.isRigsOwn {
                                print("the rig itself failed; attempt \(attempt) of \(attempts) follows: \(error)")
                            }
                        }
                        return try withTestResources { try boot(options, in: $0) { try body(&$0, true) } }
                    })
            }
        }
        await RigSlots.shared.leave()
        return try result.get()
    }

    private static func boot<R>(
        _ options: RigOptions, in resources: TestResources, _ body: (inout Rig) throws -> R
    ) throws -> R {
        let image = try RigImage.current()
        let logs = "\(image.logs)/\(resources.prefix)"
        try Files.makeDirectories(logs)
        do {
            let programs = try RigPrograms(withDaemon: options.daemon, in: resources)
            var rig = try Rig(image, options, programs: programs.image, logs: logs)
            let value = try rig.live { rig throws in
                try rig.awaitBoot(options)
                return try body(&rig)
            }
            for name in try Files.entries(of: logs) { try Files.remove("\(logs)/\(name)") }
            try Files.removeDirectory(logs)
            return value
        } catch {
            throw RigError(
                description: "\(error)\nthe rig's logs: \(logs)", isRigsOwn: (error as? RigError)?.isRigsOwn == true)
        }
    }

    /// Does something, and ends the machine whether or not that fails.
    private mutating func live<R>(_ body: (inout Rig) throws -> R) throws -> R {
        let result: Result<R, any Error>
        do { result = .success(try body(&self)) } catch { result = .failure(error) }
        try end()
        return try result.get()
    }

    private init(_ image: RigImage, _ options: RigOptions, programs: String, logs: String) throws {
        guard let program = RigImage.emulator else { throw RigError(description: "no qemu-system-x86_64") }
        let pair = try UnixSocket.pair()
        let ours = try RigPort(try pair.first.duplicate())
        let monitor = RigMonitor(path: "\(logs)/monitor")
        let command = RigEmulator(
            image: image, options: options, programs: programs, console: "\(logs)/console.log", port: 3,
            monitor: monitor)
        let words = try Descriptor.open("\(logs)/emulator.log", [.writeOnly, .create, .truncate])
        // Should the tests be killed, the machine ends with this thread.
        let pid = try Spawn.process(
            path: "/usr/bin/setpriv", arguments: ["--pdeathsig", "KILL", program] + command.arguments,
            environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            descriptors: [(1, words.rawValue), (2, words.rawValue), (3, pair.second.rawValue)])
        let process = try ProcessDescriptor(process: pid)
        self.logs = logs
        port = ours
        self.monitor = monitor
        emulator = process
        unanswered = nil
    }

    /// Runs a shell's command as root, in the agent's session, to its end. `echo` shows its output on the console too.
    mutating func run(
        _ command: String, input: [UInt8] = [], deadline seconds: Int = Rig.patience, echo: Bool = false
    ) throws -> CommandResult {
        let answer = try answer(to: command, input: input, echo: echo, within: seconds)
        return CommandResult(
            code: answer.code, output: String(decoding: answer.output, as: UTF8.self),
            error: String(decoding: answer.error, as: UTF8.self))
    }

    /// The same, and its output; a failure is an error.
    @discardableResult
    mutating func succeed(_ command: String, deadline seconds: Int = Rig.patience) throws -> String {
        let result = try run(command, deadline: seconds)
        guard result.code == 0 else {
            throw RigError(description: "in the rig: \(command): code \(result.code)\n\(result.error)\(result.output)")
        }
        return result.output
    }

    /// Writes a file in the guest.
    mutating func write(_ path: String, _ bytes: [UInt8], mode: String = "644") throws {
        let command = "cat >'\(path)' && chmod \(mode) '\(path)'"
        let answer = try answer(to: command, input: bytes, echo: false, within: Rig.patience)
        guard answer.code == 0 else {
            throw RigError(description: "write \(path) in the rig: \(String(decoding: answer.error, as: UTF8.self))")
        }
    }

    /// Reads a file of the guest.
    mutating func read(_ path: String) throws -> [UInt8] {
        let answer = try answer(to: "cat '\(path)'", input: [], echo: false, within: Rig.patience)
        guard answer.code == 0 else {
            throw RigError(description: "read \(path) in the rig: \(String(decoding: answer.error, as: UTF8.self))")
        }
        return answer.output
    }

    /// Everything on the console until now.
    var console: String {
        get throws { try Files.readText("\(logs)/console.log") }
    }

    /// Has systemd power the machine off, and waits until it is.
    mutating func powerOff(deadline seconds: Int = Rig.patience) throws {
        // It answers, or the port closes before it can: the emulator's end is what counts.
        _ = try? run("systemctl --no-block poweroff", deadline: seconds)
        guard try Rig.waits(for: POLLIN, on: emulator.rawValue, until: Rig.deadline(in: seconds)) else {
            throw RigError(description: "the rig has not powered off within \(seconds) s\n\(lastWords)")
        }
    }

    private mutating func awaitBoot(_ options: RigOptions) throws {
        do { try port.awaitReadiness(until: Rig.deadline(in: options.bootDeadline)) } catch let error as RigPort.Failure
        {
            throw explain(error, "boot", options.bootDeadline)
        }
    }

    private mutating func answer(
        to command: String, input: [UInt8], echo: Bool, within seconds: Int
    ) throws -> RigPort.Answer {
        if let unanswered {
            throw RigError(
                description: "\(command): not asked for, because the rig has not answered \(unanswered)",
                isRigsOwn: true)
        }
        let began = Clock.monotonicMilliseconds
        let answer: RigPort.Answer
        do {
            answer = try port.run(
                command, input: input, echo: echo, seconds: seconds, until: Rig.deadline(in: seconds + Rig.grace))
        } catch let error as RigPort.Failure {
            unanswered = command
            throw explain(error, command, seconds + Rig.grace)
        }
        guard answer.code != 128 + SIGKILL || Clock.monotonicMilliseconds - began < Int64(seconds) * 900 else {
            let said = String(decoding: answer.output + answer.error, as: UTF8.self)
            throw RigError(description: "\(command): has not ended within \(seconds) s\n\(said)")
        }
        return answer
    }

    private func explain(_ failure: RigPort.Failure, _ what: String, _ seconds: Int) -> RigError {
        let reason =
            switch failure {
            case .deadline: "the rig has not answered within \(seconds) s\(processors)"
            case .ended: "the rig's machine has ended"
            case .malformed(let line): "the rig's agent said '\(line)'"
            }
        return RigError(description: "\(what): \(reason)\n\(lastWords)", isRigsOwn: true)
    }

    /// Writes beside the logs where the processors are; what fails there adds its own story.
    private var processors: String {
        let result = Result { try Files.write("\(logs)/processors.log", Array(try monitor.processors().utf8)) }
        guard case .failure(let error) = result else { return ", its processors are in processors.log" }
        return ", and its monitor neither: \(error)"
    }

    /// The ends of both logs; one that can't be read adds nothing to a failure that is reported already.
    private var lastWords: String {
        ["console.log", "emulator.log"].map { name in
            let text = (try? Files.readText("\(logs)/\(name)")) ?? ""
            return "--- \(name)\n\(text.suffix(2000))"
        }.joined(separator: "\n")
    }

    /// Nothing in the guest is worth a shutdown: its disks are snapshots.
    private func end() throws {
        try emulator.signalIfRunning(SIGKILL)
        _ = try emulator.waitForEnd()
    }

    private static func deadline(in seconds: Int) -> Int64 { Clock.monotonicMilliseconds + Int64(seconds) * 1000 }

    /// Waits for an event (POLLIN …); false where the deadline, of the monotonic clock in milliseconds, passed first.
    static func waits(for event: Int32, on descriptor: Int32, until deadline: Int64) throws -> Bool {
        while true {
            let left = deadline - Clock.monotonicMilliseconds
            guard left > 0 else { return false }
            var watched = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let count = poll(&watched, 1, Int32(clamping: left))
            if count > 0 { return true }
            if count < 0 && errno != EINTR { throw SystemError.last("poll") }
        }
    }
}
