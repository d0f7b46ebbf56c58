import CLinux
import Glibc
import Linux

@testable import VMM

/// A guest's vsock driver: sends packets, and keeps what it is sent.
final class VsockGuest {
    struct Packet {
        var header: VsockHeader
        var payload: [UInt8]
        var operation: VsockOperation? { VsockOperation(rawValue: header.operation) }
        var ports: VsockPorts { VsockPorts(guest: header.destinationPort, host: header.sourcePort) }
    }

    static let context: UInt64 = 3

    let driver: SimulatedDriver
    private let bufferSize: Int
    private var buffers: [UInt16: UInt64] = [:]
    private var outgoing: [UInt64] = []
    private var sent = 0
    private var waiting: [Packet] = []
    /// Bytes that this guest has taken of each stream: what it reports with every packet.
    private(set) var taken: [VsockPorts: UInt32] = [:]
    /// Bytes that it has room for.
    var room: UInt32 = 1 << 16

    /// `buffers`: receive buffers of `bufferSize` bytes each, posted now and again as they are used.
    init(_ device: any VirtioDevice, buffers count: Int = 8, bufferSize: Int = 4096 + VsockHeader.size) throws {
        self.bufferSize = bufferSize
        driver = SimulatedDriver(device, memory: SimulatedMemory(count: 16 << 20), queueSize: 64)
        try driver.activate()
        outgoing = (0..<64).map { _ in driver.memory.allocate(VsockHeader.size + 65536) }
        for _ in 0..<count { post(driver.memory.allocate(bufferSize)) }
        driver.notify(0)
    }

    private func post(_ address: UInt64) {
        let head = driver.queues[0].add([.init(address: address, count: bufferSize, writable: true)])
        buffers[head] = address
    }

    /// Puts a packet into the transmit queue and waits until the device has taken it.
    func send(_ header: VsockHeader, _ payload: [UInt8] = []) {
        post(header, payload)
        driver.notify(1)
        _ = driver.used(1)
    }

    /// Puts a packet into the transmit queue and tells nobody.
    func post(_ header: VsockHeader, _ payload: [UInt8] = []) {
        let place = outgoing[sent % outgoing.count]
        sent += 1
        driver.memory.write(header, at: place)
        driver.memory.write(payload, at: place + UInt64(VsockHeader.size))
        driver.queues[1].add([.init(address: place, count: VsockHeader.size + payload.count)])
    }

    func header(
        _ operation: VsockOperation, _ ports: VsockPorts, length: Int = 0, flags: VsockHalves = []
    ) -> VsockHeader {
        VsockHeader(
            sourceContext: Self.context, destinationContext: 2, sourcePort: ports.guest, destinationPort: ports.host,
            length: UInt32(length), operation: operation.rawValue, flags: flags.rawValue, allocated: room,
            forwarded: taken[ports] ?? 0)
    }

    func send(
        _ operation: VsockOperation, _ ports: VsockPorts, _ payload: [UInt8] = [], flags: VsockHalves = []
    ) {
        send(header(operation, ports, length: payload.count, flags: flags), payload)
    }

    /// The next packet from the device; nil if none comes in time.
    func next(seconds: Int = 10) -> Packet? {
        if waiting.isEmpty { collect(driver.used(0, seconds: seconds)) }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Whether nothing came, once the device has done what it had to do.
    func hasNothing(from host: VsockHost) -> Bool {
        host.thread.run { _ in }
        collect(driver.queues[0].takeUsed())
        return waiting.isEmpty
    }

    private func collect(_ used: [SimulatedQueue.Used]) {
        for element in used {
            guard let address = buffers.removeValue(forKey: element.head) else { continue }
            if element.written >= UInt32(VsockHeader.size) {
                let header = driver.memory.read(VsockHeader.self, address)
                let count = Int(element.written) - VsockHeader.size
                let payload = driver.memory.read(address + UInt64(VsockHeader.size), count)
                let packet = Packet(header: header, payload: payload)
                taken[packet.ports, default: 0] &+= UInt32(count)
                waiting.append(packet)
            }
            post(address)
        }
        if !used.isEmpty { driver.notify(0) }
    }

    /// The next packet, which is to be of this kind.
    func expect(_ operation: VsockOperation) throws -> Packet {
        guard let packet = next() else { throw Unexpected("nothing came, and not \(operation)") }
        guard packet.operation == operation else { throw Unexpected("\(packet.header) came, and not \(operation)") }
        return packet
    }

    struct Unexpected: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

/// A vsock device with a folder of its own for its sockets, which goes with it.
final class VsockHost {
    let directory: String
    let thread: IOThread
    let device: VsockDevice
    var path: String { "\(directory)/v" }

    /// `name` is the device's thread's.
    init(thread name: String = "vsock-test") throws {
        // A test that writes to a socket whose other end has gone gets an error.
        signal(SIGPIPE, SIG_IGN)
        directory = "/tmp/bulkhead-vsock-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try Files.makeDirectories(directory)
        thread = try IOThread(name)
        device = try VsockDevice(
            guestContext: VsockGuest.context, path: "\(directory)/v", listener: UnixSocket.listen("\(directory)/v"),
            thread: thread)
    }

    deinit { try? Files.removeTree(directory) }

    /// A program of the host's that asks for a port of the guest's.
    func connect(to port: UInt32) throws -> Descriptor {
        let socket = try UnixSocket.connect(path)
        try socket.writeAll("CONNECT \(port)\n")
        return socket
    }

    /// A program of the host's that listens at a port.
    func listen(at port: UInt32) throws -> Descriptor { try UnixSocket.listen("\(path)_\(port)", backlog: 2048) }
}

/// The host's end of a stream to a port of the guest's.
final class HostEnd {
    let socket: Descriptor
    let ports: VsockPorts

    /// Asks for a port, which the guest then accepts.
    init(_ host: VsockHost, _ guest: VsockGuest, port: UInt32 = 52) throws {
        socket = try host.connect(to: port)
        socket.limitWaiting(seconds: 20)
        ports = try guest.expect(.request).ports
        guest.send(.response, ports)
        let line = try socket.readLine()
        guard line == "OK \(ports.host)\n" else { throw VsockGuest.Unexpected("the answer was \(line)") }
    }

    func writeAll(_ bytes: [UInt8]) throws { try socket.writeAll(bytes) }
    func read(exactly count: Int) throws -> [UInt8] { try socket.read(exactly: count) }
}

extension Descriptor {
    /// Exactly so many bytes, or fewer at the end; the socket waits.
    func read(exactly count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, case .bytes(let bytes) = try read(upTo: count - all.count) { all += bytes }
        return all
    }

    /// One line with its end.
    func readLine() throws -> String {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            let byte = try read(exactly: 1)
            if byte.isEmpty { break }
            line += byte
        }
        return String(decoding: line, as: UTF8.self)
    }

    /// Reads give up after so long, so that a test fails rather than hangs.
    func limitWaiting(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
}
