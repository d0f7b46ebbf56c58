import Glibc
import Synchronization

@testable import VMM

/// A guest with one stream, through which much goes both ways at once, and whose driver keeps accounts as Linux 6.1's does:
/// 128 receive buffers of 4 KiB with the header in a descriptor of its own, packets of at most 64 KiB, room for 256 KiB,
/// of which the host is told anew once, as far as it knows, less than 64 KiB are left.
final class VsockBulkGuest {
    private static let buffers = 128
    private static let bufferSize = 4096
    private static let packet = 64 << 10
    private static let room: UInt32 = 256 << 10

    /// When the program in the guest reads what has come.
    enum Reading: Sendable {
        case atOnce
        /// Only once the host may send no more, and asks.
        case whenFull
    }

    /// What went wrong.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let driver: SimulatedDriver
    private let received: [UInt64]
    private let sent: [UInt64]
    private var (nextReceived, nextSent, inFlight) = (0, 0, 0)
    private var ports = VsockPorts(guest: 0, host: 0)
    private var reading = Reading.atOnce
    /// As Linux names them: `rx_bytes`, `fwd_cnt`, `last_fwd_cnt`; `tx_cnt`, `peer_fwd_cnt`, `peer_buf_alloc`.
    private var (waiting, forwarded, told) = (UInt32(0), UInt32(0), UInt32(0))
    private var (sentBytes, peerForwarded, peerRoom) = (UInt32(0), UInt32(0), UInt32(0))
    /// What was told before the last time: threads of a guest overtake each other between a packet's making and its sending.
    private var toldBefore: UInt32 = 0

    init(_ device: any VirtioDevice) throws {
        let memory = SimulatedMemory(count: 20 << 20)
        driver = SimulatedDriver(device, memory: memory, queueSize: 256)
        try driver.activate()
        received = (0..<Self.buffers).map { _ in memory.allocate(VsockHeader.size + Self.bufferSize) }
        sent = (0..<Self.buffers).map { _ in memory.allocate(VsockHeader.size + Self.packet) }
        for address in received { post(address) }
        driver.notify(0)
    }

    private func post(_ address: UInt64) {
        driver.queues[0].add([
            .init(address: address, count: VsockHeader.size, writable: true),
            .init(address: address + UInt64(VsockHeader.size), count: Self.bufferSize, writable: true),
        ])
    }

    /// Accepts the stream that the host asks for, sends `sending` bytes of one pattern and receives `receiving` of another, each half
    /// ending as soon as it can; then closes, and waits for the host to agree.
    ///
    /// - Parameter stuck: called when it would send and the host has no room, and with true when it has sent everything.
    func run(
        _ sent: BytePattern, _ expected: BytePattern, sending: Int, receiving: Int, reading: Reading,
        stuck: (_ hasSentAll: Bool) -> Void
    ) throws {
        self.reading = reading
        var (done, got, connected, finished, ended) = (0, 0, false, false, false)
        while true {
            let pulses = driver.pulses
            var moved = try collect(expected, &got, &connected, &ended)
            while connected, done < sending, inFlight < Self.buffers {
                let count = min(Int(peerRoom &- (sentBytes &- peerForwarded)), Self.packet, sending - done)
                if count == 0 { break }
                send(.data, sent.bytes(at: done, count))
                done += count
                moved = true
            }
            if connected, done == sending, !finished, inFlight < Self.buffers {
                send(.shutdown, flags: .sending)
                finished = true
                stuck(true)
            }
            guard got <= receiving else { throw Failure(description: "\(got) bytes came, and not \(receiving)") }
            if finished, ended { break }
            if moved { continue }
            if connected, !finished { stuck(false) }
            for queue in driver.queues.prefix(2) { queue.enableInterrupts() }
            if try collect(expected, &got, &connected, &ended) { continue }
            guard driver.waitForInterrupt(after: pulses, seconds: 30) else {
                throw Failure(description: "nothing moves: \(done) bytes sent, \(got) received, \(waiting) not read")
            }
        }
        guard got == receiving else { throw Failure(description: "the end came after \(got) bytes, not \(receiving)") }
        try close()
    }

    private func close() throws {
        send(.shutdown, flags: .both)
        while true {
            let used = driver.used(0)
            if used.isEmpty { throw Failure(description: "the host did not agree to the end") }
            for element in used {
                let header = try take(element)
                if header.operation == VsockOperation.reset.rawValue { return }
                guard header.operation != VsockOperation.data.rawValue else {
                    throw Failure(description: "data after the end")
                }
            }
        }
    }

    /// Takes what the device has given back; false if that was nothing.
    private func collect(
        _ pattern: BytePattern, _ got: inout Int, _ connected: inout Bool, _ ended: inout Bool
    ) throws -> Bool {
        let given = driver.queues[1].takeUsed().count
        inFlight -= given
        let used = driver.queues[0].takeUsed()
        for element in used {
            let address = received[nextReceived % Self.buffers]
            let header = try take(element)
            switch VsockOperation(rawValue: header.operation) {
            case .request:
                ports = VsockPorts(guest: header.destinationPort, host: header.sourcePort)
                send(.response)
                connected = true
            case .data:
                guard !ended else { throw Failure(description: "data after the host's end") }
                // Linux drops such a packet without a word.
                guard waiting + header.length <= Self.room else {
                    throw Failure(description: "more than there is room for")
                }
                let bytes = driver.memory.read(address + UInt64(VsockHeader.size), Int(header.length))
                guard pattern.matches(bytes, at: got) else { throw Failure(description: "wrong bytes behind \(got)") }
                got += bytes.count
                waiting += header.length
                if reading == .atOnce { read() }
            case .creditRequest:
                // The host is told what it asks for, and then the program reads.
                send(.creditUpdate)
                read()
            case .creditUpdate: break
            case .shutdown where VsockHalves(rawValue: header.flags).contains(.sending):
                ended = true
                read()
            default: throw Failure(description: "\(header) came")
            }
            post(address)
        }
        if !used.isEmpty { driver.notify(0) }
        return given > 0 || !used.isEmpty
    }

    private func take(_ element: SimulatedQueue.Used) throws -> VsockHeader {
        let header = driver.memory.read(VsockHeader.self, received[nextReceived % Self.buffers])
        nextReceived += 1
        guard Int(element.written) == VsockHeader.size + Int(header.length) else {
            throw Failure(description: "\(element.written) bytes were written for \(header)")
        }
        (peerRoom, peerForwarded) = (header.allocated, header.forwarded)
        return header
    }

    /// The program in the guest reads all that waits.
    private func read() {
        forwarded &+= waiting
        waiting = 0
        if Self.room &- (forwarded &- told) < UInt32(Self.packet), inFlight < Self.buffers { send(.creditUpdate) }
    }

    private func send(_ operation: VsockOperation, _ payload: [UInt8] = [], flags: VsockHalves = []) {
        let address = sent[nextSent % Self.buffers]
        // One packet in seven was made before the one that went ahead of it.
        let overtaken = operation == .data && nextSent % 7 == 0
        let header = VsockHeader(
            sourceContext: VsockGuest.context, destinationContext: 2, sourcePort: ports.guest,
            destinationPort: ports.host, length: UInt32(payload.count), operation: operation.rawValue,
            flags: flags.rawValue, allocated: Self.room, forwarded: overtaken ? toldBefore : forwarded)
        (toldBefore, told) = (told, forwarded)
        driver.memory.write(header, at: address)
        driver.memory.write(payload, at: address + UInt64(VsockHeader.size))
        var segments = [SimulatedQueue.Segment(address: address, count: VsockHeader.size)]
        if !payload.isEmpty {
            segments.append(.init(address: address + UInt64(VsockHeader.size), count: payload.count))
        }
        driver.queues[1].add(segments)
        driver.notify(1)
        nextSent += 1
        inFlight += 1
        sentBytes &+= UInt32(payload.count)
    }
}

/// Bytes that tell where in a stream they belong, except for multiples of a prime number of a million.
struct BytePattern: Sendable {
    private static let period = 1_000_003
    private let bytes: [UInt8]

    init(seed: UInt64) {
        var state = seed
        let once = (0..<Self.period).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        bytes = once + once
    }

    /// At most a million of them.
    func bytes(at offset: Int, _ count: Int) -> [UInt8] {
        let start = offset % Self.period
        return Array(bytes[start..<start + count])
    }

    func matches(_ other: [UInt8], at offset: Int) -> Bool {
        let start = offset % Self.period
        return other.withUnsafeBytes { other in
            bytes.withUnsafeBytes { bytes in
                guard let expected = bytes.baseAddress, let found = other.baseAddress else { return other.isEmpty }
                return memcmp(expected + start, found, other.count) == 0
            }
        }
    }
}
