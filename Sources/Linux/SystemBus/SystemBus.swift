internal import CLinux
internal import Glibc

/// A connection to systemd: over the bus of the system or of a user, or over systemd's own socket where no bus runs.
struct SystemBus: ~Copyable {
    private let socket: Descriptor
    private var received: [UInt8] = []
    private var signals: [BusMessage] = []
    private var serial: UInt32 = 0
    private let hasBroker: Bool

    private static let timeout: Int64 = 30_000

    private init(_ socket: consuming Descriptor, hasBroker: Bool) {
        self.socket = socket
        self.hasBroker = hasBroker
    }

    /// Connects; `ofUser` means the manager of the calling user instead of the system's.
    static func connect(ofUser: Bool) throws(SystemError) -> SystemBus {
        var failure = SystemError("connect to systemd", ofUser ? "of the user" : "of the system", code: ENOENT)
        for (path, hasBroker) in ofUser ? SystemBus.userPlaces : SystemBus.systemPlaces {
            let number: Int32
            do { number = try UnixSocket.connect(path).release() } catch {
                failure = error
                continue
            }
            var bus = SystemBus(Descriptor(adopting: number), hasBroker: hasBroker)
            try bus.begin()
            return bus
        }
        throw failure
    }

    private mutating func begin() throws(SystemError) {
        try authenticate()
        guard hasBroker else { return }
        let broker = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        _ = try call(broker.0, broker.1, broker.2, "Hello", [])
        _ = try call(
            broker.0, broker.1, broker.2, "AddMatch",
            [.string("type='signal',interface='org.freedesktop.systemd1.Manager',member='JobRemoved'")])
        // Without it the manager tells nobody over the bus.
        _ = try callManager("Subscribe", [])
    }

    private static let systemPlaces: [(String, Bool)] = [
        ("/run/dbus/system_bus_socket", true), ("/run/systemd/private", false),
    ]

    private static var userPlaces: [(String, Bool)] {
        // unsafe because the environment's text is copied at once, and nothing here changes the environment
        let directory = unsafe getenv("XDG_RUNTIME_DIR").map { unsafe String(cString: $0) } ?? "/run/user/\(getuid())"
        return [("\(directory)/bus", true), ("\(directory)/systemd/private", false)]
    }

    /// Whether systemd is this host's init system (sd_booted(3)).
    static var runsSystemd: Bool { Files.isDirectory("/run/systemd/system") }

    /// SASL EXTERNAL: the kernel tells the other side who we are. We do not: in a user namespace we don't know.
    private mutating func authenticate() throws(SystemError) {
        try socket.writeAll("\0AUTH EXTERNAL\r\nDATA\r\n")
        let deadline = Clock.monotonicMilliseconds + SystemBus.timeout
        guard try line(deadline).hasPrefix("DATA"), try line(deadline).hasPrefix("OK ") else {
            throw SystemError("authenticate with systemd", code: EACCES)
        }
        try socket.writeAll("BEGIN\r\n")
    }

    private mutating func line(_ deadline: Int64) throws(SystemError) -> String {
        while !received.contains(UInt8(ascii: "\n")) { try receive(deadline) }
        let end = (received.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
        let line = String(decoding: received[..<end], as: UTF8.self)
        received.removeFirst(end)
        return line
    }

    private mutating func receive(_ deadline: Int64) throws(SystemError) {
        let left = deadline - Clock.monotonicMilliseconds
        guard left > 0 else { throw SystemError("wait for systemd", code: ETIMEDOUT) }
        try Poll.wait(socket.rawValue, events: Int16(POLLIN), milliseconds: left)
        guard Clock.monotonicMilliseconds < deadline else { return }
        switch try socket.read(upTo: 16 << 10) {
        case .bytes(let bytes): received += bytes
        case .end: throw SystemError("hear from systemd", code: ECONNRESET)
        case .wouldBlock: return
        }
    }

    private mutating func next(_ deadline: Int64) throws(SystemError) -> BusMessage {
        while true {
            if received.count >= 16 {
                let length = try BusMessage.length(Array(received[..<16]))
                if received.count >= length {
                    let message = try BusMessage(Array(received[..<length]))
                    received.removeFirst(length)
                    if let message { return message }
                    continue
                }
            }
            try receive(deadline)
        }
    }

    /// Calls a method and waits for its answer; signals that come meanwhile are kept.
    mutating func call(
        _ destination: String, _ path: String, _ interface: String, _ member: String, _ body: [BusValue]
    ) throws(SystemError) -> BusOutcome {
        serial += 1
        var message = BusMessage(.call, serial: serial)
        message.path = path
        message.interface = interface
        message.member = member
        message.destination = hasBroker ? destination : nil
        message.body = body
        try socket.writeAll(message.bytes)
        let deadline = Clock.monotonicMilliseconds + SystemBus.timeout
        while true {
            let answer = try next(deadline)
            switch answer.kind {
            case .signal: signals.append(answer)
            case .answer where answer.answersTo == serial: return .answer(answer.body)
            case .error where answer.answersTo == serial:
                return .refused(name: answer.errorName ?? "", text: answer.body.first?.text ?? "")
            default: continue
            }
        }
    }

    /// Calls a method of systemd's manager.
    mutating func callManager(_ member: String, _ body: [BusValue]) throws(SystemError) -> BusOutcome {
        try call(
            "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", member, body)
    }

    /// Waits for the end of a job; how it went: `done`, `failed`, …
    mutating func result(ofJob path: String) throws(SystemError) -> String {
        let deadline = Clock.monotonicMilliseconds + SystemBus.timeout
        while true {
            while !signals.isEmpty {
                let signal = signals.removeFirst()
                if signal.member == "JobRemoved", signal.body.count == 4, signal.body[1].text == path {
                    return signal.body[3].text ?? ""
                }
            }
            let message = try next(deadline)
            if message.kind == .signal { signals.append(message) }
        }
    }
}

/// What a method has answered.
enum BusOutcome: Equatable {
    case answer([BusValue])
    case refused(name: String, text: String)
}
