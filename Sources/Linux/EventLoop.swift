internal import CLinux
internal import Glibc

/// A single-threaded loop over epoll: the whole control flow of a monitor, an agent or a VMM's main thread.
///
/// Handlers run one after another on the thread that calls `run`, and may add, change and remove any source, their own
/// too. The loop never closes a descriptor: remove it here before its owner closes it.
public final class EventLoop {
    /// What a source is watched for; a hang-up or an error is always reported.
    public struct Interest: OptionSet, Sendable {
        /// The kernel's bits.
        public let rawValue: UInt32
        /// From the kernel's bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// There is something to read, or the end.
        public static let readable = Interest(rawValue: 0x001)
        /// There is room to write.
        public static let writable = Interest(rawValue: 0x004)
        /// An exceptional condition (a changed file of a cgroup).
        public static let priority = Interest(rawValue: 0x002)
        /// An error, or nobody reads any more.
        public static let error = Interest(rawValue: 0x008)
        /// The other side has gone.
        public static let hangUp = Interest(rawValue: 0x010)
    }

    /// Names a timer, to cancel it.
    public struct Timer: Hashable, Sendable { let number: UInt64 }

    private struct Source {
        let generation: UInt32
        let handler: (Interest) -> Void
    }
    /// Owned by the handler of signals.
    private final class SignalSource {
        let descriptor: Descriptor
        init(descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }
    private struct Deadline {
        let timer: Timer
        let at: Int64
        let action: () -> Void
    }

    private let epoll: Descriptor
    private var sources: [Int32: Source] = [:]
    private var deadlines: [Deadline] = []
    private var generation: UInt32 = 0
    private var timers: UInt64 = 0
    private var running = false
    private var happened = [UInt32](repeating: 0, count: 32)
    private var tags = [UInt64](repeating: 0, count: 32)

    /// Creates a loop without sources.
    public init() throws(SystemError) {
        epoll = Descriptor(adopting: try SystemError.check(bh_epoll_create(), "epoll_create"))
    }

    /// Calls `handler` with what is the case whenever the descriptor has what is asked for (level-triggered).
    public func add(
        _ descriptor: Int32, _ interest: Interest, handler: @escaping (Interest) -> Void
    ) throws(SystemError) {
        generation &+= 1
        try control(1, descriptor, interest, generation)
        sources[descriptor] = Source(generation: generation, handler: handler)
    }

    /// Changes what a descriptor is watched for.
    public func modify(_ descriptor: Int32, _ interest: Interest) throws(SystemError) {
        guard let source = sources[descriptor] else {
            throw SystemError("watch descriptor", "\(descriptor)", code: ENOENT)
        }
        try control(3, descriptor, interest, source.generation)
    }

    /// Forgets a descriptor; nothing happens if it is not known.
    public func remove(_ descriptor: Int32) {
        guard sources.removeValue(forKey: descriptor) != nil else { return }
        // A descriptor that is closed already has left the set by itself: an error means that there is nothing to do.
        try? control(2, descriptor, [], 0)
    }

    /// Calls `action` once, after so many milliseconds.
    @discardableResult
    public func schedule(afterMilliseconds delay: Int64, _ action: @escaping () -> Void) -> Timer {
        timers += 1
        let timer = Timer(number: timers)
        let deadline = Deadline(timer: timer, at: Clock.monotonicMilliseconds + max(delay, 0), action: action)
        let place = deadlines.firstIndex { $0.at > deadline.at } ?? deadlines.endIndex
        deadlines.insert(deadline, at: place)
        return timer
    }

    /// Forgets a timer; nothing happens if it has fired already.
    public func cancel(_ timer: Timer) { deadlines.removeAll { $0.timer == timer } }

    /// Blocks these signals' default action and calls `handler` with the number of each that arrives. Once per loop.
    ///
    /// Those that have come since ``hold(signals:)`` was called for them are among the first.
    public func watch(signals: [Int32], handler: @escaping (Int32) -> Void) throws(SystemError) {
        let count = Int32(truncatingIfNeeded: signals.count)
        // unsafe because the array of numbers is read through a pointer that lives for the call
        try SystemError.check(unsafe bh_signal_block(signals, count), "sigprocmask")
        // unsafe because the array of numbers is read through a pointer that lives for the call
        let number = try SystemError.check(unsafe bh_signalfd(signals, count), "signalfd")
        let source = SignalSource(descriptor: Descriptor(adopting: number))
        try add(number, .readable) { _ in
            // A failure to read means no signal: there is nothing that could be done about it here.
            guard case .bytes(let bytes)? = try? source.descriptor.read(upTo: 128 * 16) else { return }
            for start in stride(from: 0, to: bytes.count - 127, by: 128) { handler(Int32(bytes[start])) }
        }
    }

    /// Lets signals wait that would end the process, until they are watched.
    public static func hold(signals: [Int32]) throws(SystemError) {
        // unsafe because the array of numbers is read through a pointer that lives for the call
        try SystemError.check(
            unsafe bh_signal_block(signals, Int32(truncatingIfNeeded: signals.count)), "sigprocmask")
    }

    /// Handles events until `stop` is called.
    public func run() throws(SystemError) {
        running = true
        while running { try turn(waitingAtMost: nil) }
    }

    /// Ends `run` after the present handler.
    public func stop() { running = false }

    /// Waits for events once, at most so many milliseconds (nil: as long as it takes), and handles them.
    public func turn(waitingAtMost limit: Int64?) throws(SystemError) {
        var timeout = limit
        if let first = deadlines.first {
            let left = max(first.at - Clock.monotonicMilliseconds, 0)
            timeout = min(timeout ?? left, left)
        }
        // unsafe because the call fills both arrays through pointers; the count says how many elements are valid
        let count = unsafe bh_epoll_wait(epoll.rawValue, &happened, &tags, 32, Int32(clamping: timeout ?? -1))
        if count < 0 && errno != EINTR { throw .last("epoll_wait") }
        for index in 0..<Int(max(count, 0)) {
            let (tag, interest) = (tags[index], Interest(rawValue: happened[index]))
            let descriptor = Int32(truncatingIfNeeded: tag)
            // A handler before this one may have removed the source, and another may have its number by now.
            guard let source = sources[descriptor], source.generation == UInt32(tag >> 32) else { continue }
            source.handler(interest)
        }
        // What an action schedules waits for the next turn, or the descriptors would never get theirs.
        let (now, last) = (Clock.monotonicMilliseconds, timers)
        while let due = deadlines.firstIndex(where: { $0.at <= now && $0.timer.number <= last }) {
            deadlines.remove(at: due).action()
        }
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ interest: Interest, _ generation: UInt32
    ) throws(SystemError) {
        let tag = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        try SystemError.check(
            bh_epoll_control(epoll.rawValue, operation, descriptor, interest.rawValue, tag), "epoll_ctl")
    }
}
