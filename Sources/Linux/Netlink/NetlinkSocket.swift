internal import CLinux
internal import Glibc

/// The kernel's routing socket (NETLINK_ROUTE): interfaces, addresses and routes of one network namespace.
///
/// It belongs to the namespace in which the thread that opened it was at that time. It is used by one thread at a time.
public struct NetlinkSocket: ~Copyable, Sendable {
    let socket: Descriptor
    private var lastSequence: UInt32 = 0

    /// Opens it in the network namespace of the calling thread.
    public init() throws(SystemError) {
        socket = Descriptor(adopting: try SystemError.check(bh_netlink_open(0), "open a routing socket"))
    }

    /// Sends requests in one call and waits for the acknowledgement of each. The kernel carries them out in this order
    /// and does not stop at one that fails: the first failure is thrown.
    mutating func perform(_ messages: [NetlinkMessage]) throws(SystemError) {
        let first = lastSequence &+ 1
        var bytes: [UInt8] = []
        for message in messages {
            lastSequence &+= 1
            bytes.append(contentsOf: message.encoded(sequence: lastSequence))
        }
        try send(bytes, messages)
        var failure: SystemError?
        var waiting = messages.count
        while waiting > 0 {
            for reply in try receive() {
                let index = Int(reply.sequence &- first)
                guard reply.type == NetlinkType.error, index < messages.count else { continue }
                waiting -= 1
                let code = reply.errorCode ?? EPROTO
                if code != 0 && failure == nil && !messages[index].mayFail {
                    failure = SystemError(messages[index].operation, messages[index].object, code: code)
                }
            }
        }
        if let failure { throw failure }
    }

    /// Sends one request and gives what the kernel answers: one message, or with the dump flag all up to its end.
    mutating func answers(to message: NetlinkMessage, dump: Bool) throws(SystemError) -> [NetlinkReply] {
        lastSequence &+= 1
        try send(message.encoded(sequence: lastSequence), [message])
        var answers: [NetlinkReply] = []
        while true {
            for reply in try receive() where reply.sequence == lastSequence {
                switch reply.type {
                case NetlinkType.done: return answers
                case NetlinkType.error:
                    let code = reply.errorCode ?? EPROTO
                    if code != 0 { throw SystemError(message.operation, message.object, code: code) }
                    return answers
                default: answers.append(reply)
                }
            }
            if !dump && !answers.isEmpty { return answers }
        }
    }

    private func send(_ bytes: [UInt8], _ messages: [NetlinkMessage]) throws(SystemError) {
        // unsafe because the bytes are passed as a pointer, which lives for the call
        let result = unsafe bytes.withUnsafeBytes { unsafe bh_netlink_send(socket.rawValue, $0.baseAddress, $0.count) }
        try SystemError.check(result, messages.first?.operation ?? "send", messages.first?.object ?? "")
    }

    private func receive() throws(SystemError) -> [NetlinkReply] {
        var result = 0
        // The kernel makes datagrams of a dump no larger than 32 KiB where the reader has room for that.
        // unsafe because recvmsg fills uninitialised memory; exactly the bytes that it reports are taken as valid
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 32 << 10) { buffer, filled in
            result = unsafe bh_netlink_receive(socket.rawValue, buffer.baseAddress, buffer.count)
            filled = max(result, 0)
        }
        try SystemError.check(result, "receive from the routing socket")
        guard let replies = NetlinkReply.split(bytes) else {
            throw SystemError("receive from the routing socket", code: EPROTO)
        }
        return replies
    }
}
