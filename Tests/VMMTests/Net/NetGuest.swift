import Glibc

@testable import VMM

/// A guest's network driver with an address of its own, which it tells whoever asks (ARP).
final class NetGuest {
    struct Packet {
        var header: NetHeader
        var frame: [UInt8]
        /// Buffers that it came in.
        var buffers: Int
    }

    let driver: SimulatedDriver
    let features: UInt64
    private let bufferSize: Int
    private var buffers: [[UInt16: UInt64]]
    private var outgoing: [UInt64] = []
    private var sent = 0

    init(
        _ device: NetDevice, features: UInt64 = .max, buffers count: Int = 64, bufferSize: Int = 1530,
        queueSize: UInt16 = 256
    ) throws {
        self.bufferSize = bufferSize
        driver = SimulatedDriver(
            device, memory: SimulatedMemory(count: 48 << 20), queueSize: queueSize, features: features)
        self.features = driver.features
        try driver.activate()
        let pairs = driver.queues.count / 2
        buffers = Array(repeating: [:], count: pairs)
        outgoing = (0..<64).map { _ in driver.memory.allocate(NetHeader.size + NetHeader.largestPacket) }
        for pair in 0..<pairs {
            for _ in 0..<count { post(driver.memory.allocate(bufferSize), pair) }
            driver.notify(2 * pair)
        }
    }

    private func post(_ address: UInt64, _ pair: Int) {
        let head = driver.queues[2 * pair].add([.init(address: address, count: bufferSize, writable: true)])
        buffers[pair][head] = address
    }

    /// One more receive buffer for the first pair.
    func postExtra(_ address: UInt64) {
        post(address, 0)
        driver.notify(0)
    }

    /// Puts a frame into a transmit queue and waits until the device has taken it.
    func send(_ header: NetHeader, _ frame: [UInt8], pair: Int = 0) {
        post(header, frame, pair: pair)
        driver.notify(2 * pair + 1)
        _ = driver.used(2 * pair + 1)
    }

    /// Puts a frame into a transmit queue and tells nobody: the header in a segment of its own, and the frame in two.
    func post(_ header: NetHeader, _ frame: [UInt8], pair: Int) {
        let place = outgoing[sent % outgoing.count]
        sent += 1
        driver.memory.write(header, at: place)
        driver.memory.write(frame, at: place + UInt64(NetHeader.size))
        let half = frame.count / 2
        driver.queues[2 * pair + 1].add(
            [
                .init(address: place, count: NetHeader.size),
                .init(address: place + UInt64(NetHeader.size), count: half),
                .init(address: place + UInt64(NetHeader.size + half), count: frame.count - half),
            ].filter { $0.count > 0 })
    }

    /// The next packet that `matches`, with those that came before it answered if they ask for the guest's address; nil
    /// if none comes in time.
    func next(pair: Int = 0, where matches: ([UInt8]) -> Bool = { Frame.type($0) == 0x0800 }) -> Packet? {
        while let packet = take(pair) {
            if Frame.type(packet.frame) == 0x0806 { answer(packet.frame) }
            if matches(packet.frame) { return packet }
        }
        return nil
    }

    private var used: [SimulatedQueue.Used] = []

    private func take(_ pair: Int) -> Packet? {
        if used.isEmpty { used = driver.used(2 * pair) }
        guard let first = used.first, let start = buffers[pair][first.head] else { return nil }
        let header = driver.memory.read(NetHeader.self, start)
        let count = max(Int(header.buffers), 1)
        while used.count < count {
            let more = driver.used(2 * pair)
            if more.isEmpty { return nil }
            used += more
        }
        var bytes: [UInt8] = []
        for element in used.prefix(count) {
            guard let address = buffers[pair].removeValue(forKey: element.head) else { return nil }
            bytes += driver.memory.read(address, Int(element.written))
            post(address, pair)
        }
        used.removeFirst(count)
        driver.notify(2 * pair)
        return Packet(header: header, frame: Array(bytes.dropFirst(NetHeader.size)), buffers: count)
    }

    /// Tells the host the guest's address, if that is what it asks for.
    private func answer(_ frame: [UInt8]) {
        guard frame.count >= 42, frame[21] == 1, Array(frame[38..<42]) == TestNetwork.guest else { return }
        let asker = Array(frame[22..<32])
        var reply: [UInt8] = [0, 1, 8, 0, 6, 4, 0, 2]
        reply += Frame.guestAddress + TestNetwork.guest + asker
        send(NetHeader(), Frame.ethernet(to: Array(asker[..<6]), from: Frame.guestAddress, type: 0x0806, reply))
    }
}
