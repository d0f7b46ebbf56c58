internal import Glibc
internal import Linux

/// The front end's end of a connection to a vhost-user server. Every request is answered, within a time limit.
///
/// A server that answers wrongly, late or not at all is not asked again: who has this value then lets it go, which closes
/// the connection.
struct VhostUserConnection: ~Copyable {
    private let socket: Descriptor
    private let server: String
    private let patience: Int64
    /// Whether requests that have no answer of their own are acknowledged.
    private var acknowledges = false

    /// Adopts a connected stream socket; `server` names it in errors.
    ///
    /// - Parameter patience: milliseconds that the server has for an answer.
    init(_ socket: consuming Descriptor, server: String, patience: Int64) throws(VirtioError) {
        do throws(SystemError) { try socket.setNonblocking(true) } catch { throw VirtioError("\(server): \(error)") }
        self.socket = socket
        self.server = server
        self.patience = patience
    }

    /// The socket's number, to watch for the server's end.
    var number: Int32 { socket.rawValue }

    /// Acknowledgements have been agreed on.
    mutating func expectAcknowledgements() { acknowledges = true }

    /// Makes a request that has an answer of 64 bits.
    func ask(_ request: VhostUserRequest) throws(VirtioError) -> UInt64 {
        let deadline = Clock.monotonicMilliseconds + patience
        try send(request, flags: VhostUserHeader.version, descriptors: [], deadline: deadline)
        let payload = try receive(answerTo: request, deadline: deadline)
        guard let value = UInt64(littleEndianBytes: payload, at: 0), payload.count == 8 else {
            throw failure(request, "its answer has \(payload.count) bytes of payload, and not 8")
        }
        return value
    }

    /// Makes a request, with descriptors beside it, that has no answer but whether it succeeded.
    func tell(_ request: VhostUserRequest, descriptors: [Int32] = []) throws(VirtioError) {
        let deadline = Clock.monotonicMilliseconds + patience
        let flags = VhostUserHeader.version | (acknowledges ? VhostUserHeader.Flag.needsReply : 0)
        try send(request, flags: flags, descriptors: descriptors, deadline: deadline)
        guard acknowledges else { return }
        let payload = try receive(answerTo: request, deadline: deadline)
        guard payload.count == 8, let code = UInt64(littleEndianBytes: payload, at: 0) else {
            throw failure(request, "its acknowledgement has \(payload.count) bytes of payload, and not 8")
        }
        if code != 0 { throw failure(request, "it refused") }
    }

    /// Stops a queue.
    ///
    /// - Returns: the available index up to which the server has come.
    func stop(queue: UInt32) throws(VirtioError) -> UInt32 {
        let deadline = Clock.monotonicMilliseconds + patience
        let request = VhostUserRequest.getQueueBase(queue: queue)
        try send(request, flags: VhostUserHeader.version, descriptors: [], deadline: deadline)
        let payload = try receive(answerTo: request, deadline: deadline)
        guard payload.count == 8, UInt32(littleEndianBytes: payload, at: 0) == queue,
            let index = UInt32(littleEndianBytes: payload, at: 4)
        else { throw failure(request, "its answer is not about queue \(queue)") }
        return index
    }

    private func send(
        _ request: VhostUserRequest, flags: UInt32, descriptors: [Int32], deadline: Int64
    ) throws(VirtioError) {
        let payload = request.payload
        let header = VhostUserHeader(
            request: request.number, flags: flags, size: UInt32(truncatingIfNeeded: payload.count))
        let message = header.bytes + payload
        var sent = 0
        while sent < message.count {
            do throws(SystemError) {
                // The descriptors go with the first byte.
                sent += try UnixSocket.send(
                    Array(message[sent...]), descriptors: sent == 0 ? descriptors : [], over: socket)
            } catch {
                throw failure(request, "\(error)")
            }
            if sent < message.count { try wait(POLLOUT, for: request, until: deadline) }
        }
    }

    private func receive(answerTo request: VhostUserRequest, deadline: Int64) throws(VirtioError) -> [UInt8] {
        let bytes = try receive(VhostUserHeader.count, request, deadline)
        guard let header = VhostUserHeader(bytes) else { throw failure(request, "its answer has no header") }
        guard header.request == request.number, header.flags & 3 == VhostUserHeader.version,
            header.flags & VhostUserHeader.Flag.reply != 0
        else {
            throw failure(request, "it answered with message \(header.request), flags \(header.flags)")
        }
        // No answer that is asked for here is longer.
        guard header.size <= 64 else { throw failure(request, "its answer has \(header.size) bytes of payload") }
        return try receive(Int(header.size), request, deadline)
    }

    private func receive(
        _ count: Int, _ request: VhostUserRequest, _ deadline: Int64
    ) throws(VirtioError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var end = false
            do throws(SystemError) {
                // Descriptors beside an answer were not asked for: they are closed.
                if let message = try UnixSocket.receive(upTo: count - bytes.count, over: socket) {
                    bytes += message.bytes
                    end = message.bytes.isEmpty
                    if !end { continue }
                }
            } catch {
                throw failure(request, "\(error)")
            }
            if end { throw failure(request, "it closed the connection") }
            try wait(POLLIN, for: request, until: deadline)
        }
        return bytes
    }

    private func wait(_ events: Int32, for request: VhostUserRequest, until deadline: Int64) throws(VirtioError) {
        while true {
            let left = deadline - Clock.monotonicMilliseconds
            guard left > 0 else {
                throw failure(request, "no answer within \(patience) ms")
            }
            var watched = pollfd(fd: socket.rawValue, events: Int16(truncatingIfNeeded: events), revents: 0)
            // unsafe because poll takes a pointer to one local structure
            let result = unsafe poll(&watched, 1, Int32(clamping: left))
            if result > 0 { return }
            if result < 0, errno != EINTR { throw failure(request, "poll: \(SystemError.reason(of: errno))") }
        }
    }

    private func failure(_ request: VhostUserRequest, _ what: String) -> VirtioError {
        VirtioError("\(server), vhost-user request \(request.number): \(what)")
    }
}
