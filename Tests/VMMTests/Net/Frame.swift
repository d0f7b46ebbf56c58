/// Ethernet frames as bytes.
enum Frame {
    static let guestAddress: [UInt8] = [0x02, 0x42, 10, 77, 0, 2]

    static func ethernet(to: [UInt8], from: [UInt8], type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        to + from + big(type) + payload
    }

    static func ipv4(_ protocolNumber: UInt8, from: [UInt8], to: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        var header: [UInt8] = [0x45, 0] + big(UInt16(20 + payload.count)) + [0, 0, 0x40, 0, 64, protocolNumber, 0, 0]
        header += from + to
        let sum = ~checksum(header)
        header[10] = UInt8(sum >> 8)
        header[11] = UInt8(sum & 0xFF)
        return header + payload
    }

    /// With its checksum, or with only the sum of the pseudo header, for the device to complete.
    static func udp(
        from: [UInt8], to: [UInt8], port: UInt16, _ payload: [UInt8], completeChecksum: Bool
    ) -> [UInt8] {
        let length = UInt16(8 + payload.count)
        var datagram = big(port) + big(port) + big(length) + [0, 0] + payload
        let pseudo = from + to + [0, 17] + big(length)
        let sum = completeChecksum ? ~checksum(pseudo + datagram) : checksum(pseudo)
        datagram[6] = UInt8(sum >> 8)
        datagram[7] = UInt8(sum & 0xFF)
        return datagram
    }

    /// A segment of TCP with the sum of the pseudo header where the checksum belongs.
    static func tcp(from: [UInt8], to: [UInt8], port: UInt16, _ payload: [UInt8]) -> [UInt8] {
        var segment = big(port) + big(port) + [0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xFF, 0xFF, 0, 0, 0, 0] + payload
        let sum = checksum(from + to + [0, 6] + big(UInt16(truncatingIfNeeded: segment.count)))
        segment[16] = UInt8(sum >> 8)
        segment[17] = UInt8(sum & 0xFF)
        return segment
    }

    static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | (index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0)
            sum = (sum & 0xFFFF) + (sum >> 16)
        }
        return UInt16(sum)
    }

    static func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

    static func type(_ frame: [UInt8]) -> UInt16 {
        frame.count >= 14 ? UInt16(frame[12]) << 8 | UInt16(frame[13]) : 0
    }
}
