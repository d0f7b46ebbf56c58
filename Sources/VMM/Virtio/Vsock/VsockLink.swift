internal import CLinux
internal import Glibc
internal import Linux

/// The host's end of one connection: its socket, and what the guest has sent and the socket had no room for.
struct VsockLink: ~Copyable {
    /// Whether the one who connected is told when the guest accepts: not if the VMM itself did.
    let isToldOfAcceptance: Bool
    /// Buffers that the next read shall have: one until a read has filled what it had, for taking those back again that a
    /// short message does not need costs more than it spares.
    private(set) var appetite = 1
    private let socket: Descriptor
    private var backlog: VsockBacklog?

    /// What became of bytes that were to be passed on.
    enum Passed: Equatable {
        /// The socket has taken so many; none where it has no room.
        case bytes(Int)
        /// Nobody reads them any more.
        case nobody
    }

    /// What became of an attempt to read.
    enum Arrived: Equatable {
        /// So many bytes.
        case bytes(Int)
        /// Nothing now.
        case nothing
        /// The end.
        case end
    }

    /// Adopts a connected socket, which from now on never waits.
    init(_ socket: consuming Descriptor, isToldOfAcceptance: Bool) throws(SystemError) {
        try socket.setNonblocking(true)
        self.socket = socket
        self.isToldOfAcceptance = isToldOfAcceptance
    }

    /// The socket's number.
    var number: Int32 { socket.rawValue }

    /// Whether bytes wait for room in the socket.
    var hasBacklog: Bool {
        switch backlog {
        case .some(let backlog): backlog.count > 0
        case .none: false
        }
    }

    /// Drops what waits.
    mutating func dropBacklog() { backlog = nil }

    /// Passes on the payload of a packet, behind what waits already: as much as the socket takes; the rest is kept.
    ///
    /// - Parameter room: bytes that may wait at most; the stream's credit keeps to it.
    mutating func write(_ payload: borrowing SegmentList, room: Int) -> Passed {
        var taken = 0
        if !hasBacklog {
            // unsafe because the list's segments are checked ranges of the guest's memory
            switch unsafe transmit(payload.segments, payload.count) {
            case .nobody: return .nobody
            case .bytes(let count): taken = count
            }
        }
        if taken < payload.bytes {
            if backlog == nil { backlog = VsockBacklog(capacity: room) }
            backlog?.append(payload, from: taken)
        }
        return .bytes(taken)
    }

    /// Passes on what waits, as far as the socket has room now.
    mutating func flush() -> Passed {
        // unsafe because both segments lie in the backlog, which stays as it is until `drop`
        guard var segments = unsafe backlog?.waiting() else { return .bytes(0) }
        // unsafe because a pair of segments lies in memory as two segments do
        let result = unsafe withUnsafeMutablePointer(to: &segments) { pointer in
            unsafe pointer.withMemoryRebound(to: iovec.self, capacity: 2) { unsafe transmit($0, 2) }
        }
        if case .bytes(let count) = result { backlog?.drop(first: count) }
        return result
    }

    private func transmit(_ segments: UnsafeMutablePointer<iovec>, _ count: Int) -> Passed {
        var message = unsafe msghdr()
        // unsafe because the caller vouches for the segments
        unsafe message.msg_iov = segments
        unsafe message.msg_iovlen = count
        while true {
            // unsafe because the message lives for the call
            let result = unsafe sendmsg(number, &message, Int32(MSG_NOSIGNAL))
            if result >= 0 { return .bytes(result) }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS: return .bytes(0)
            default: return .nobody
            }
        }
    }

    /// Reads from the socket straight into memory of the guest's.
    func read(into target: borrowing GatheredSegments) -> Arrived {
        while true {
            let result = target.read(from: number)
            if result > 0 { return .bytes(result) }
            if result == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            // The other side went without reading everything: nothing more will come.
            default: return .end
            }
        }
    }

    /// Learns from a read how many buffers the next one shall have.
    mutating func adjustAppetite(offered: Int, used: Int, isFull: Bool) {
        appetite = isFull ? min(2 * max(offered, appetite), VsockBufferBatch.most) : max(used, 1)
    }

    /// What a client of the host's has said so far, and its line taken if that is complete; nil at the end.
    func takeGreeting() -> VsockGreeting? {
        // unsafe because exactly the bytes that recv reports are looked at
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: VsockGreeting.longest) { buffer in
            // unsafe because the buffer has that many bytes
            let count = unsafe recv(number, buffer.baseAddress, buffer.count, Int32(MSG_PEEK))
            if count < 0 { return errno == EAGAIN || errno == EINTR ? .incomplete : nil }
            if count == 0 { return nil }
            // unsafe because so many bytes have been filled
            let greeting = unsafe VsockGreeting(UnsafeBufferPointer(buffer.extracting(..<count)).span)
            if case .complete(_, let length) = greeting {
                // unsafe because the line is no longer than the buffer, in which it has just been seen
                guard unsafe recv(number, buffer.baseAddress, length, 0) == length else { return nil }
            }
            return greeting
        }
    }

    /// Tells the client that the guest has accepted; false if it can't be told.
    func tellAcceptance(hostPort: UInt32) -> Bool {
        let text = VsockGreeting.accepted(hostPort: hostPort)
        // Nothing has been written to this socket yet: it has room.
        // unsafe because the text is a C string; it lives for the call
        return unsafe send(number, text, text.utf8.count, Int32(MSG_NOSIGNAL)) == text.utf8.count
    }

    /// Lets the host see the end, or the host's writes fail. A socket whose other side has gone needs neither.
    func end(reading: Bool, writing: Bool) {
        if reading { shutdown(number, Int32(SHUT_RD)) }
        if writing { shutdown(number, Int32(SHUT_WR)) }
    }
}
