internal import Glibc
internal import Linux

/// The machine's console on its way to standard output, whose reader may be slow or gone.
///
/// It never waits: a reader that stops must not keep the machine from being controlled. The descriptor stays as it is,
/// blocking, for it may be somebody else's, too.
final class ConsoleLog {
    /// What a pipe takes whole where poll finds room (PIPE_BUF).
    private static let chunk = 4096
    /// Bytes from which on the guest is to wait.
    private static let limit = 64 << 10

    private let number: Int32
    private let loop: EventLoop
    private let hold: (Bool) -> Void
    private var pending: [UInt8] = []
    private var isWatched = false
    private var isHeld = false
    private var isLost = false

    /// To a descriptor that somebody else owns; `hold` says whether more is to be waited with.
    init(_ number: Int32, loop: EventLoop, hold: @escaping (Bool) -> Void) {
        (self.number, self.loop, self.hold) = (number, loop, hold)
    }

    /// Takes what the guest has printed.
    func write(_ bytes: [UInt8]) {
        guard !isLost else { return }
        pending += bytes
        flush()
    }

    /// Waits for the reader, at most so long, and writes what is left; the machine has ended.
    func finish(waitingAtMost milliseconds: Int64) {
        let deadline = Clock.monotonicMilliseconds + milliseconds
        repeat { flush() } while !pending.isEmpty && hasRoom(until: deadline)
        unwatch()
    }

    private func flush() {
        var written = 0
        while written < pending.count, hasRoom(until: 0) {
            let end = min(written + ConsoleLog.chunk, pending.count)
            // unsafe because the bytes are read through a pointer that lives for the call
            let count = unsafe pending[written..<end].withUnsafeBytes {
                unsafe Glibc.write(number, $0.baseAddress, $0.count)
            }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            // The monitor behind it may have been killed: the machine goes on without a log.
            guard count > 0 else { return lose() }
            written += count
        }
        pending.removeFirst(written)
        watch()
    }

    private func lose() {
        (isLost, pending) = (true, [])
        watch()
    }

    private func hasRoom(until deadline: Int64) -> Bool {
        var watched = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        let left = deadline == 0 ? 0 : max(deadline - Clock.monotonicMilliseconds, 0)
        // Errors and hang-ups are room, too: the write tells.
        // unsafe because poll takes a pointer to one local structure
        return unsafe poll(&watched, 1, Int32(clamping: left)) > 0
    }

    private func watch() {
        if pending.isEmpty {
            unwatch()
        } else if !isWatched {
            do {
                try loop.add(number, .writable) { [unowned self] _ in flush() }
                isWatched = true
            } catch {
                // What can't be watched (a file) never keeps anybody waiting.
                return lose()
            }
        }
        let wanted = isHeld ? !pending.isEmpty : pending.count > ConsoleLog.limit
        guard wanted != isHeld else { return }
        isHeld = wanted
        hold(wanted)
    }

    private func unwatch() {
        if isWatched { loop.remove(number) }
        isWatched = false
    }
}
