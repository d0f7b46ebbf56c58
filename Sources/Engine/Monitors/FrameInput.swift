@preconcurrency import Dispatch
import Glibc
import Linux
import Wire

/// Frames onto a socket that may be blocking or not.
enum FrameWriter {
    /// Writes the whole frame, waiting for room where there is none: requests are small.
    static func write(_ frame: Frame, to descriptor: Int32) throws(SystemError) {
        let bytes = frame.encoded
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL)
                )
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = Glibc.poll(&poll, 1, 10_000)
            } else if errno != EINTR {
                throw SystemError.last("send")
            }
        }
    }
}

/// Frames from a socket.
enum FrameReader {
    /// What there is now, without waiting.
    static func read(_ descriptor: Int32) -> ReadResult {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return .bytes(Array(buffer[..<count])) }
            if count == 0 { return .end }
            if errno == EAGAIN { return .wouldBlock }
            if errno != EINTR { return .end }
        }
    }

    /// Waits for exactly one frame and takes no byte of the next.
    static func readFrame(_ descriptor: Int32) throws(EngineError) -> Frame {
        var decoder = FrameDecoder()
        var bytes = try readExactly(Frame.headerLength, descriptor)
        let length = (4..<8).reduce(0) { $0 | Int(bytes[$1]) << (($1 - 4) * 8) }
        guard length <= Frame.largestPayload else { throw EngineError(.internal, "the monitor sent too long a frame") }
        if length > 0 { bytes += try readExactly(length, descriptor) }
        decoder.feed(bytes)
        do {
            guard let frame = try decoder.next() else { throw EngineError(.internal, "the monitor sent half a frame") }
            return frame
        } catch {
            throw EngineError.failed("read from the monitor", error)
        }
    }

    private static func readExactly(_ count: Int, _ descriptor: Int32) throws(EngineError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var have = 0
        while have < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                recv(descriptor, buffer.baseAddress?.advanced(by: have), count - have, Int32(MSG_WAITALL))
            }
            if got > 0 {
                have += got
            } else if got == 0 || errno != EINTR {
                throw EngineError(.unavailable, "the container's monitor is gone")
            }
        }
        return bytes
    }
}

/// Reaps children that have ended or are about to.
enum Reaper {
    private static let queue = DispatchQueue(label: "bulkhead.reaper", qos: .utility)

    /// Waits for it on a queue of its own.
    static func reap(_ process: Int32) {
        queue.async {
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        }
    }
}
