internal import CLinux
internal import Glibc
internal import Linux

/// What is at the host's end of a port.
enum ConsoleEnd: ~Copyable {
    /// A connected socket, a terminal or a pipe: both ways, as far as it goes both ways.
    case stream(Descriptor)
    /// What the guest says is written there, and nothing is read: a log.
    case output(Descriptor)
    /// A listening Unix socket, of which one client after another is connected to the port.
    case listener(Descriptor)
}

/// A port as it is asked for.
struct ConsolePortSetup: ~Copyable {
    /// What the guest finds in `/sys/class/virtio-ports/*/name`.
    let name: String
    /// Whether it is a console (`hvc`), and not a port for programs.
    let isConsole: Bool
    /// The host's end.
    let end: ConsoleEnd

    /// A port with a name of at most 64 bytes.
    init(name: String, isConsole: Bool = false, end: consuming ConsoleEnd) {
        self.name = name
        self.isConsole = isConsole
        self.end = end
    }
}

/// One port of a console: the bytes between its queues and the host's end. On its I/O thread only.
///
/// Flow control both ways: what the host's end does not take stays in the guest's queue; the host's end is read only where
/// the guest has the port open and has given room.
final class ConsolePort {
    /// Nanoseconds until connections are accepted again that could not be.
    private static let retryDelay: UInt64 = 100_000_000

    /// What the port's state changes mean for the guest.
    let hostChanged: () -> Void
    /// Whether the host's end is there.
    var hostOpen: Bool { stream != nil }
    /// Whether the guest has the port open: what comes from the host waits for that.
    private(set) var guestOpen = false

    private let loop: IOLoop
    private let counters: DeviceCounters
    private var listener: Descriptor?
    private var listening: IOLoop.Source?
    private var retry: IOTimer?
    private var stream: Descriptor?
    private var source: IOLoop.Source?
    private let reads: Bool
    private var interest: IOEvents = []
    private var receiving: QueueWorker?
    private var transmitting: QueueWorker?
    /// Bytes of the transmit queue's first request that were written already.
    private var written = 0
    private var waitsForRoom = false

    /// `hostChanged` is called whenever a client comes or goes.
    init(
        _ end: consuming ConsoleEnd, loop: IOLoop, counters: DeviceCounters, hostChanged: @escaping () -> Void
    ) throws(SystemError) {
        (self.loop, self.counters, self.hostChanged) = (loop, counters, hostChanged)
        switch consume end {
        case .stream(let descriptor):
            try descriptor.setNonblocking(true)
            reads = true
            stream = consume descriptor
        case .output(let descriptor):
            try descriptor.setNonblocking(true)
            reads = false
            stream = consume descriptor
        case .listener(let descriptor):
            try descriptor.setNonblocking(true)
            reads = true
            listener = consume descriptor
        }
    }

    // MARK: Its life

    /// The driver has queues for it.
    func begin(receiving: QueueWorker?, transmitting: QueueWorker?, guestOpen: Bool) throws(SystemError) {
        (self.receiving, self.transmitting, self.guestOpen) = (receiving, transmitting, guestOpen)
        (written, waitsForRoom) = (0, false)
        if let number = listener.number {
            // A client that is there from before the driver's reset stays, and the next one waits for its end.
            let wanted: IOEvents = stream == nil ? .readable : []
            listening = try loop.add(number, wanted) { [unowned self] _ in accept() }
            retry = try loop.timer { [unowned self] in listen(stream == nil) }
        }
        try watchStream()
        transmit()
        receive()
    }

    /// The driver takes its queues back.
    func end() {
        if let listening { loop.remove(listening) }
        if let retry { loop.remove(retry) }
        if let source { loop.remove(source) }
        (listening, retry, source, receiving, transmitting, guestOpen) = (nil, nil, nil, nil, nil, false)
    }

    /// The guest has opened or closed it.
    func setGuestOpen(_ open: Bool) {
        guestOpen = open
        receive()
    }

    private func accept() {
        guard stream == nil else { return }
        do throws(SystemError) {
            guard let client = try listener.accept() else { return }
            stream = consume client
        } catch {
            // Too many descriptors: the client waits in the socket's queue, and that would be told again and again.
            Console.print("console: \(error)")
            listen(false)
            return retry?.set(nanoseconds: ConsolePort.retryDelay) ?? ()
        }
        do throws(SystemError) {
            try stream.setNonblocking()
            // One at a time: the others wait in the socket's queue.
            listen(false)
            try watchStream()
        } catch {
            Console.print("console: \(error)")
            return close()
        }
        hostChanged()
        receive()
    }

    private func listen(_ on: Bool) {
        // The descriptor is watched: there is nothing that could fail.
        if let listening { try? loop.modify(listening, on ? .readable : []) }
    }

    private func watchStream() throws(SystemError) {
        guard let number = stream.number else { return }
        interest = .edge
        do throws(SystemError) {
            source = try loop.add(number, interest) { [unowned self] events in happened(events) }
        } catch {
            guard error.code == EPERM else { throw error }
            // A file: it never keeps anybody waiting, and epoll does not take it.
            source = nil
        }
    }

    private func happened(_ events: IOEvents) {
        if events.contains(.writable) {
            waitsForRoom = false
            transmit()
        }
        if !events.isDisjoint(with: [.readable, .hangUp, .error]), stream != nil {
            if canReceive {
                receive()
            } else if !reads {
                close()
            }
            // Else what it has said last stays there until the guest gives room.
        }
        updateInterest()
    }

    /// The host's end has gone.
    private func close() {
        if let source { loop.remove(source) }
        source = nil
        stream = nil
        (waitsForRoom, written) = (false, 0)
        listen(true)
        hostChanged()
        // What it had not taken is not for the next one.
        transmit()
    }

    private func updateInterest() {
        // A hang-up is told whatever is asked for; where nothing is asked for, once.
        var wanted: IOEvents = waitsForRoom || canReceive ? [] : .edge
        if waitsForRoom { wanted.insert(.writable) }
        if canReceive { wanted.insert(.readable) }
        guard wanted != interest, let source else { return }
        interest = wanted
        // The descriptor is watched: there is nothing that could fail.
        try? loop.modify(source, wanted)
    }

    // MARK: From the guest

    /// Writes what the guest has sent, as far as it is taken; without a host's end it goes nowhere.
    func transmit() {
        transmitting?.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            guard let number = stream.number else {
                written = 0
                return .done(written: 0)
            }
            let total = chain.readable.bytes
            guard chain.readable.drop(first: min(written, total)) else { return .done(written: 0) }
            while chain.readable.bytes > 0 {
                // unsafe because the list has so many segments
                let count = unsafe writev(number, chain.readable.segments, Int32(chain.readable.count))
                if count < 0 && errno == EINTR { continue }
                if count < 0 && errno == EAGAIN {
                    waitsForRoom = true
                    return .later
                }
                // A host's end that is not there any more takes nothing; its hang-up tells the rest.
                guard count > 0, chain.readable.drop(first: count) else { break }
                written += count
            }
            counters.count(bytesOut: written, failed: chain.readable.bytes > 0)
            written = 0
            return .done(written: 0)
        }
        updateInterest()
    }

    // MARK: To the guest

    /// Whether the guest would take something.
    private var canReceive: Bool { reads && guestOpen && hasRoom && receiving != nil }
    private var hasRoom = false

    /// Reads what the host's end has, as far as the guest has given room.
    func receive() {
        guard reads, guestOpen, let receiving else { return updateInterest() }
        // Until something else is known.
        hasRoom = true
        var ended = false
        var empty = false
        if let number = stream.number {
            receiving.serve { (chain: inout DescriptorChain) throws(VirtioError) in
                guard chain.writable.bytes > 0 else { return .done(written: 0) }
                // unsafe because the list has so many segments
                let count = unsafe readv(number, chain.writable.segments, Int32(chain.writable.count))
                if count > 0 {
                    counters.count(bytesIn: count)
                    return .done(written: count)
                }
                empty = true
                ended = count == 0 || (errno != EAGAIN && errno != EINTR)
                return .later
            }
            // A queue that was used up is looked at when the driver notifies.
            hasRoom = empty
        }
        if ended { return close() }
        updateInterest()
    }
}

extension Optional where Wrapped == Descriptor {
    /// Its number, if there is one.
    fileprivate var number: Int32? {
        switch self {
        case .some(let descriptor): descriptor.rawValue
        case .none: nil
        }
    }

    /// Calls on it return at once where they would have to wait.
    fileprivate borrowing func setNonblocking() throws(SystemError) {
        switch self {
        case .some(let descriptor): try descriptor.setNonblocking(true)
        case .none: ()
        }
    }

    /// The next connection, if this is a listening socket that has one.
    fileprivate borrowing func accept() throws(SystemError) -> Descriptor? {
        switch self {
        case .some(let listener): try UnixSocket.accept(listener)
        case .none: nil
        }
    }
}
