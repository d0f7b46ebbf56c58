internal import CLinux
internal import Glibc

/// Bytes received over a unix socket, and the descriptors that came with them: those not taken are closed.
public struct ReceivedMessage: ~Copyable, Sendable {
    /// The bytes; none at the end of the connection.
    public let bytes: [UInt8]
    private var descriptors: [Int32]

    init(bytes: [UInt8], descriptors: [Int32]) {
        self.bytes = bytes
        self.descriptors = descriptors
    }

    deinit { for number in descriptors { close(number) } }

    /// How many descriptors are left to take.
    public var descriptorCount: Int { descriptors.count }

    /// The next descriptor, in the order in which they were sent.
    public mutating func takeDescriptor() -> Descriptor? {
        descriptors.isEmpty ? nil : Descriptor(adopting: descriptors.removeFirst())
    }
}

extension UnixSocket {
    /// The most descriptors that one message can carry here.
    public static let mostDescriptors = 64

    /// Sends bytes (at least one) and descriptors in one message; says how many bytes were taken, 0 for none now.
    @discardableResult
    public static func send(
        _ bytes: [UInt8], descriptors: [Int32] = [], over socket: borrowing Descriptor
    ) throws(SystemError) -> Int {
        while true {
            // unsafe because the call reads both arrays through pointers that live for the call
            let sent = unsafe bh_send_descriptors(
                socket.rawValue, bytes, bytes.count, descriptors, Int32(truncatingIfNeeded: descriptors.count))
            if sent >= 0 { return sent }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { throw .last("sendmsg") }
        }
    }

    /// Waits until there is something to receive, the end of the connection among it; false where so long nothing came.
    public static func awaitMessage(
        over socket: borrowing Descriptor, atMost milliseconds: Int64
    ) throws(SystemError) -> Bool {
        try Poll.wait(socket.rawValue, events: Int16(POLLIN), milliseconds: milliseconds)
    }

    /// Receives once; nil where nothing has come (a nonblocking socket only).
    public static func receive(
        upTo count: Int, over socket: borrowing Descriptor
    ) throws(SystemError) -> ReceivedMessage? {
        var numbers = [Int32](repeating: -1, count: mostDescriptors)
        var room = Int32(mostDescriptors)
        var result = 0
        // unsafe because recvmsg fills uninitialised memory; exactly the bytes that it reports are then taken as valid
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat {
                room = Int32(mostDescriptors)
                result = unsafe bh_receive_descriptors(socket.rawValue, buffer.baseAddress, count, &numbers, &room)
                // ECONNRESET, told once: the other side has gone with something of ours unread. What it has sent is still
                // there, and then the end.
            } while result < 0 && (errno == EINTR || errno == ECONNRESET)
            filled = max(result, 0)
        }
        if result < 0 {
            if errno == EAGAIN { return nil }
            throw .last("recvmsg")
        }
        numbers.removeLast(mostDescriptors - Int(room))
        return ReceivedMessage(bytes: bytes, descriptors: numbers)
    }
}
