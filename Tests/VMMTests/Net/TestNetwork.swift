import CLinux
import Glibc
import Linux

@testable import VMM

/// A network namespace with a tap, made by a thread that then ends: it lives as long as the tap and the sockets.
final class TestNetwork: @unchecked Sendable {
    static let host: [UInt8] = [10, 77, 0, 1]
    static let guest: [UInt8] = [10, 77, 0, 2]
    static let port: UInt16 = 5000

    /// The tap's queues, for the device to adopt.
    private(set) var taps: [Int32] = []
    /// A UDP socket of the host's, bound to `host` and `port`.
    private(set) var datagrams: Int32 = -1
    /// Sees every frame on the tap, and sends frames to it, each behind 10 bytes of a header of virtio-net.
    private(set) var frames: Int32 = -1
    /// The tap's address on the link.
    private(set) var hardwareAddress: [UInt8] = []
    private var failure: (any Error)?
    private let queues: Int

    init(queues: Int = 1) throws {
        self.queues = queues
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<TestNetwork>.fromOpaque(pointer).takeUnretainedValue().tryToMake() }
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        pthread_join(thread, nil)
        if let failure { throw failure }
    }

    deinit {
        close(datagrams)
        close(frames)
    }

    private func tryToMake() { do { try make() } catch { failure = error } }

    private func make() throws {
        try Namespaces.unshare(.network)
        for _ in 0..<queues {
            let tap = try queues == 1 ? TapDevice.open(name: "vmtap") : TapDevice.openQueue(name: "vmtap")
            taps.append(tap.release())
        }
        // No packets that IPv6 sends of itself; where the kernel has none, there are none.
        try? Files.write("/proc/sys/net/ipv6/conf/vmtap/disable_ipv6", Array("1".utf8))
        var netlink = try NetlinkSocket()
        guard let link = try netlink.link(named: "vmtap"), let prefix = IPv4Prefix("10.77.0.1/24") else {
            throw SystemError("find", "vmtap", code: ENODEV)
        }
        try netlink.addAddress(prefix, to: link.index)
        try netlink.bringUp("vmtap")
        hardwareAddress = link.hardwareAddress?.bytes ?? []

        datagrams = try check(socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0), "socket")
        // struct sockaddr_in.
        var name: [UInt8] = [UInt8(AF_INET), 0, UInt8(Self.port >> 8), UInt8(Self.port & 0xFF)] + Self.host
        name += [UInt8](repeating: 0, count: 8)
        try bindSocket(datagrams, name)

        frames = try check(socket(AF_PACKET, Int32(SOCK_RAW.rawValue), Int32(UInt16(3).bigEndian)), "packet socket")
        var on: Int32 = 1
        // SOL_PACKET, PACKET_VNET_HDR.
        try check(setsockopt(frames, 263, 15, &on, 4), "PACKET_VNET_HDR")
        // struct sockaddr_ll: all protocols of this interface.
        var packet: [UInt8] = [UInt8(AF_PACKET), 0, 0, 3]
        packet.append(littleEndian: link.index)
        packet += [UInt8](repeating: 0, count: 12)
        try bindSocket(frames, packet)
    }

    private func bindSocket(_ number: Int32, _ name: [UInt8]) throws {
        let result = name.withUnsafeBytes {
            bind(number, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t(name.count))
        }
        try check(result, "bind")
        // So that a test fails rather than hangs.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        try check(
            setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)), "SO_RCVTIMEO")
    }

    @discardableResult
    private func check(_ result: Int32, _ what: String) throws -> Int32 {
        if result < 0 { throw SystemError(what, code: errno) }
        return result
    }

    /// The next datagram at the host's UDP socket; nil if none comes in time.
    func nextDatagram() -> [UInt8]? { receive(datagrams) }

    /// The next frame on the tap, behind its header, that `matches`; nil if none comes in time.
    func nextFrame(where matches: ([UInt8]) -> Bool) -> [UInt8]? {
        while let frame = receive(frames) { if matches(frame) { return frame } }
        return nil
    }

    private func receive(_ number: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 17)
        let count = recv(number, &bytes, bytes.count, 0)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    /// Sends a datagram of the host's to the guest.
    func sendDatagram(_ payload: [UInt8]) throws {
        let name: [UInt8] =
            [UInt8(AF_INET), 0, UInt8(Self.port >> 8), UInt8(Self.port & 0xFF)] + Self.guest
            + [UInt8](repeating: 0, count: 8)
        let sent = name.withUnsafeBytes {
            sendto(
                datagrams, payload, payload.count, 0, $0.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(name.count))
        }
        try check(Int32(sent), "sendto")
    }

    /// Sends a frame to the tap as if it came from the host's network, behind a header.
    func sendFrame(_ header: NetHeader, _ frame: [UInt8]) throws {
        let bytes = withUnsafeBytes(of: header) { Array($0.prefix(10)) } + frame
        try check(Int32(send(frames, bytes, bytes.count, 0)), "send a frame")
    }
}
