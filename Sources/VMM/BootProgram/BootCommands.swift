internal import Glibc
internal import Linux

/// What is typed while a machine is tried by hand: one command a line on standard input. SIGINT and SIGTERM press the power
/// button, and a second one stops the machine.
///
/// Everything of it happens on the thread that calls ``run(until:)``.
final class BootCommands {
    private let machine: Machine
    private let balloon: BalloonDevice?
    private let loop: EventLoop
    private var text: [UInt8] = []
    private var interruptions = 0

    /// Takes the two signals: before any thread is made, which would take them otherwise.
    static func holdSignals() throws(VMMError) {
        do throws(SystemError) { try EventLoop.hold(signals: [SIGINT, SIGTERM]) } catch { throw VMMError(error) }
    }

    init(_ machine: Machine, balloon: BalloonDevice?) throws(VMMError) {
        (self.machine, self.balloon) = (machine, balloon)
        do throws(SystemError) { loop = try EventLoop() } catch { throw VMMError(error) }
    }

    /// Does what each line says until the machine has ended; the end of the input ends nothing.
    ///
    /// - Parameter end: becomes readable when the guest has ended.
    func run(until end: Int32) throws(VMMError) {
        do throws(SystemError) {
            try loop.watch(signals: [SIGINT, SIGTERM]) { [unowned self] _ in interrupted() }
            try loop.add(end, .readable) { [unowned self] _ in loop.stop() }
            do throws(SystemError) { try loop.add(0, .readable) { [unowned self] _ in read() } } catch {
                // What can't be watched is a file, /dev/null mostly: nobody types there.
                guard error.code == EPERM || error.code == EBADF else { throw error }
            }
            try loop.run()
        } catch {
            throw VMMError(error)
        }
    }

    private func interrupted() {
        interruptions += 1
        if interruptions == 1 { machine.pressPowerButton() } else { stop() }
    }

    private func stop() {
        machine.stop()
        loop.stop()
    }

    private func read() {
        // An input that can't be read has ended.
        guard let input = try? Descriptor.duplicating(0), case .bytes(let bytes) = try? input.read(upTo: 512) else {
            return loop.remove(0)
        }
        text += bytes
        while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: text[..<end], as: UTF8.self)
            text.removeSubrange(...end)
            obey(line)
        }
    }

    private func obey(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first, words.count) {
        case (nil, _): break
        case ("power-button", 1): machine.pressPowerButton()
        case ("pause", 1): machine.pause()
        case ("resume", 1): machine.resume()
        case ("stop", 1): stop()
        case ("statistics", 1): BootStatistics(machine, balloon).print()
        case ("balloon", 2):
            guard let balloon, let mebibytes = UInt64(words[1]), mebibytes < 1 << 30 else {
                return Console.print("\(line): there is no balloon (--balloon), or that is no number of MiB")
            }
            balloon.setTarget(bytes: mebibytes << 20)
        default: Console.print("\(line): no command: power-button, balloon MIB, pause, resume, statistics, stop")
        }
    }
}
