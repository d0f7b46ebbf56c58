import Testing

@testable import VMM

/// Which packets of a guest's are sent, and with which header.
@Suite("net: headers") struct NetHeaderTests {
    private static let all = NetFeature.offered(pairs: 1, mtu: false)

    @Test func headerLiesInMemoryAsTheStandardSays() {
        #expect(MemoryLayout<NetHeader>.size == NetHeader.size)
        #expect(MemoryLayout<NetHeader>.offset(of: \.checksumStart) == 6)
        #expect(MemoryLayout<NetHeader>.offset(of: \.buffers) == NetHeader.buffersOffset)
    }

    @Test func bitsThatAreNotKnownAndFieldsThatAreNotUsedAreCleared() {
        let header = NetHeader(
            flags: 0xFE, segmentation: 0, headerLength: 9, segmentSize: 9, checksumStart: 9, checksumOffset: 9,
            buffers: 9)
        #expect(header.checked(features: Self.all, packetBytes: 100) == NetHeader())
    }

    @Test(arguments: [(34, 6, 42, true), (34, 6, 41, false), (65535, 65535, 65607, false), (0, 0, 14, true)])
    func checksumLiesInThePacket(start: Int, offset: Int, count: Int, good: Bool) {
        let header = NetHeader(
            flags: NetHeader.Flag.needsChecksum, checksumStart: UInt16(start), checksumOffset: UInt16(offset))
        #expect((header.checked(features: Self.all, packetBytes: count) != nil) == good)
        #expect(header.checked(features: Self.all & ~NetFeature.checksum, packetBytes: 1000) == nil)
    }

    @Test(arguments: [-12, 0, 13, NetHeader.largestPacket + 1, Int.max])
    func whatIsNoPacketIsNotSent(count: Int) {
        #expect(NetHeader().checked(features: Self.all, packetBytes: count) == nil)
    }

    @Test func segmentationNeedsAgreementChecksumAndSize() {
        var header = NetHeader(
            flags: NetHeader.Flag.needsChecksum, segmentation: NetHeader.Segmentation.tcp4, headerLength: 60_000,
            segmentSize: 1448, checksumStart: 34, checksumOffset: 16)
        #expect(header.checked(features: Self.all, packetBytes: 5000)?.headerLength == 5000)
        #expect(header.checked(features: Self.all & ~NetFeature.hostTSO4, packetBytes: 5000) == nil)
        header.segmentSize = 0
        #expect(header.checked(features: Self.all, packetBytes: 5000) == nil)
        header.segmentSize = 1448
        header.flags = 0
        #expect(header.checked(features: Self.all, packetBytes: 5000) == nil)
        header.flags = NetHeader.Flag.needsChecksum
        header.segmentation = NetHeader.Segmentation.tcp6
        #expect(header.checked(features: Self.all, packetBytes: 5000) != nil)
        #expect(header.checked(features: Self.all & ~NetFeature.hostTSO6, packetBytes: 5000) == nil)
        for kind in [2, 3, 5, 0x81, 0xFF] as [UInt8] {
            header.segmentation = kind
            #expect(header.checked(features: Self.all, packetBytes: 5000) == nil, "\(kind)")
        }
    }
}
