import Glibc
import Linux
import TestKit
import Testing

@testable import VMM

/// Packets between a simulated guest and a real tap.
@Suite("net: device", .serialized, .blocking, .enabled(if: geteuid() == 0, "a tap needs root")) struct NetDeviceTests {
    private static let address = HardwareAddress(for: IPv4Address(value: 0x0A4D_0002))

    private func device(_ network: TestNetwork, mtu: UInt16? = nil, threads: Int = 1) throws -> NetDevice {
        try NetDevice(
            taps: network.taps, hardwareAddress: Self.address, mtu: mtu,
            threads: (0..<threads).map { _ in try IOThread("net-test") })
    }

    private func udp(_ network: TestNetwork, _ payload: [UInt8], completeChecksum: Bool) -> [UInt8] {
        let datagram = Frame.udp(
            from: TestNetwork.guest, to: TestNetwork.host, port: TestNetwork.port, payload,
            completeChecksum: completeChecksum)
        return Frame.ethernet(
            to: network.hardwareAddress, from: Frame.guestAddress, type: 0x0800,
            Frame.ipv4(17, from: TestNetwork.guest, to: TestNetwork.host, datagram))
    }

    /// A frame of TCP from one side to the other, to be cut into segments of 1400 bytes.
    private func tcp(to address: [UInt8], from: [UInt8], _ source: [UInt8], _ target: [UInt8], count: Int)
        -> (NetHeader, [UInt8])
    {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let frame = Frame.ethernet(
            to: address, from: from, type: 0x0800,
            Frame.ipv4(6, from: source, to: target, Frame.tcp(from: source, to: target, port: 80, payload)))
        var header = NetHeader(flags: NetHeader.Flag.needsChecksum, segmentation: NetHeader.Segmentation.tcp4)
        (header.headerLength, header.segmentSize, header.checksumStart, header.checksumOffset) = (54, 1400, 34, 16)
        return (header, frame)
    }

    @Test func configurationTellsAddressStatePairsAndMTU() throws {
        let device = try device(TestNetwork(), mtu: 1400)
        var bytes = [UInt8](repeating: 0xFF, count: 14)
        bytes.withUnsafeMutableBytes { device.readConfiguration(at: 0, into: $0) }
        #expect(bytes == Frame.guestAddress + [1, 0, 1, 0, 0x78, 0x05, 0, 0])
        #expect(device.features & NetFeature.mtu != 0 && device.features & NetFeature.multiqueue == 0)
        let guest = try NetGuest(device)
        device.setLink(up: false)
        #expect(guest.driver.waitForConfigurationChange())
        bytes.withUnsafeMutableBytes {
            device.readConfiguration(at: 6, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<2]))
        }
        #expect(bytes[0] == 0)
    }

    @Test func whatIsNoTapIsRefused() throws {
        let pair = try UnixSocket.pair()
        let peer = pair.first
        peer.limitWaiting(seconds: 10)
        let socket = pair.second.release()
        let thread = try IOThread("net-test")
        #expect(throws: SystemError.self) {
            _ = try NetDevice(taps: [socket], hardwareAddress: Self.address, threads: [thread])
        }
        // It is closed: of another test it may have the number already, but not the peer.
        #expect(try UnixSocket.receive(upTo: 1, over: peer)?.bytes == [])
    }

    @Test(arguments: [true, false])
    func guestSendsDatagrams(completeChecksum: Bool) throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(device)
        var header = NetHeader()
        if !completeChecksum {
            header.flags = NetHeader.Flag.needsChecksum
            (header.checksumStart, header.checksumOffset) = (34, 6)
        }
        for number in 0..<100 as Range<UInt8> {
            let frame = udp(network, [number, 1, 2, 3], completeChecksum: completeChecksum)
            guest.send(header, frame)
            #expect(network.nextDatagram() == [number, 1, 2, 3])
        }
        #expect(device.counters.packetsSent == 100 && device.counters.bytesSent == 100 * 46)
    }

    @Test(arguments: [UInt64.max, ~NetFeature.mergeableBuffers])
    func guestReceivesDatagrams(features: UInt64) throws {
        let network = try TestNetwork()
        let device = try device(network)
        let large = features & NetFeature.mergeableBuffers == 0
        let guest = try NetGuest(
            device, features: features, buffers: large ? 16 : 64, bufferSize: large ? 66_000 : 1530)
        for number in 0..<100 as Range<UInt8> {
            try network.sendDatagram([UInt8](repeating: number, count: 1000))
            let packet = try #require(guest.next())
            #expect(packet.buffers == 1 && packet.header.buffers == 1)
            #expect(Array(packet.frame.suffix(1000)) == [UInt8](repeating: number, count: 1000))
        }
        #expect(device.counters.packetsReceived >= 100)
    }

    @Test func largePacketsTravelWholeToTheGuest() throws {
        let network = try TestNetwork()
        let guest = try NetGuest(device(network))
        let (header, frame) = tcp(
            to: Frame.guestAddress, from: network.hardwareAddress, TestNetwork.host, TestNetwork.guest, count: 60_000)
        for _ in 0..<20 {
            try network.sendFrame(header, frame)
            let packet = try #require(guest.next())
            #expect(packet.header.segmentation == NetHeader.Segmentation.tcp4 && packet.header.segmentSize == 1400)
            #expect(packet.buffers == (60_000 + 54 + 12 + 1529) / 1530)
            #expect(packet.frame == frame)
        }
    }

    @Test func guestWithoutSegmentationGetsOrdinaryPackets() throws {
        let network = try TestNetwork()
        let guest = try NetGuest(device(network), features: ~(NetFeature.guestTSO4 | NetFeature.guestTSO6))
        let (header, frame) = tcp(
            to: Frame.guestAddress, from: network.hardwareAddress, TestNetwork.host, TestNetwork.guest, count: 7000)
        try network.sendFrame(header, frame)
        var payload: [UInt8] = []
        for _ in 0..<5 {
            let packet = try #require(guest.next())
            #expect(packet.header.segmentation == NetHeader.Segmentation.none && packet.frame.count == 1454)
            payload += packet.frame.dropFirst(54)
        }
        #expect(payload == Array(frame.dropFirst(54)))
    }

    /// Fewer and smaller buffers than a packet needs: it waits for more, and arrives whole.
    @Test func packetLargerThanAllBuffersArrivesWhole() throws {
        let network = try TestNetwork()
        let guest = try NetGuest(device(network), buffers: 4, bufferSize: 700)
        let (header, frame) = tcp(
            to: Frame.guestAddress, from: network.hardwareAddress, TestNetwork.host, TestNetwork.guest, count: 3000)
        try network.sendFrame(header, frame)
        // Five buffers are needed; the driver posts a fifth one later.
        let used = guest.driver.used(0, seconds: 1)
        #expect(used.isEmpty)
        let address = guest.driver.memory.allocate(700)
        guest.postExtra(address)
        let packet = try #require(guest.next())
        #expect(packet.frame == frame && packet.buffers == 5)
    }

    @Test func packetTooLargeForItsBufferIsDropped() throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(
            device, features: ~(NetFeature.mergeableBuffers | NetFeature.guestTSO4 | NetFeature.guestTSO6),
            bufferSize: 500)
        try network.sendDatagram([UInt8](repeating: 1, count: 10))
        _ = try #require(guest.next())
        try network.sendDatagram([UInt8](repeating: 1, count: 600))
        try network.sendDatagram([UInt8](repeating: 2, count: 10))
        #expect(try #require(guest.next()).frame.last == 2)
        #expect(device.counters.droppedReceived == 1)
    }

    @Test func largePacketsTravelWholeFromTheGuest() throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(device)
        let (header, frame) = tcp(
            to: network.hardwareAddress, from: Frame.guestAddress, TestNetwork.guest, TestNetwork.host, count: 60_000)
        guest.send(header, frame)
        let seen = try #require(network.nextFrame { $0.count > 60_000 })
        #expect(Array(seen.dropFirst(10)) == frame)
        #expect(seen[1] == NetHeader.Segmentation.tcp4)
    }

    @Test func packetsThatAskForWhatWasNotAgreedOnAreDropped() throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(device, features: ~NetFeature.hostTSO4)
        let (header, frame) = tcp(
            to: network.hardwareAddress, from: Frame.guestAddress, TestNetwork.guest, TestNetwork.host, count: 6000)
        guest.send(header, frame)
        guest.send(NetHeader(), [1, 2, 3])
        #expect(device.counters.droppedSent == 2 && device.counters.packetsSent == 0)
        guest.send(NetHeader(), udp(network, [9], completeChecksum: true))
        #expect(network.nextDatagram() == [9])
    }

    @Test func resetLeavesPacketsInTheTapForTheNextDriver() throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(device)
        try network.sendDatagram([1])
        _ = try #require(guest.next())
        guest.driver.reset()
        try network.sendDatagram([2])
        let next = try NetGuest(device)
        #expect(try #require(next.next()).frame.prefix(43).last == 2)
    }

    @Test func brokenQueueEndsTheDeviceUntilItIsReset() throws {
        let network = try TestNetwork()
        let device = try device(network)
        let guest = try NetGuest(device)
        guest.driver.queues[1].offer(1000)
        guest.driver.kick(1)
        #expect(guest.driver.waitForConfigurationChange() && guest.driver.interrupt.needsReset)
        guest.driver.reset()
        let next = try NetGuest(device)
        next.send(NetHeader(), udp(network, [9], completeChecksum: true))
        #expect(network.nextDatagram() == [9])
    }

    @Test func severalPairsAreUsedOnceTheDriverAsksForThem() throws {
        let network = try TestNetwork(queues: 2)
        let device = try device(network, threads: 2)
        #expect(device.queueSizes.count == 5 && device.features & NetFeature.multiqueue != 0)
        let guest = try NetGuest(device)
        func command(_ bytes: [UInt8]) -> UInt8? { guest.driver.request(4, [bytes], writable: [1])?.data.first }
        #expect(command([4, 0, 3, 0]) == 1, "there are only two")
        #expect(command([4, 0, 0, 0]) == 1)
        #expect(command([4, 1, 1, 0]) == 1, "no such command")
        #expect(command([4]) == 1)
        // The second pair is not used yet: what stands there waits.
        #expect(command([4, 0, 2, 0]) == 0)
        guest.send(NetHeader(), udp(network, [1], completeChecksum: true), pair: 1)
        #expect(network.nextDatagram() == [1])
        guest.send(NetHeader(), udp(network, [2], completeChecksum: true), pair: 0)
        #expect(network.nextDatagram() == [2])
        #expect(command([4, 0, 1, 0]) == 0)
        guest.send(NetHeader(), udp(network, [3], completeChecksum: true), pair: 0)
        #expect(network.nextDatagram() == [3])
        try network.sendDatagram([4])
        #expect(try #require(guest.next(pair: 0)).frame.count > 0)
    }
}
