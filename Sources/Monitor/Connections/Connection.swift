internal import Glibc
package import Linux
package import Wire

/// Whoever a connection serves at the moment; a connection changes hands when it becomes a stream.
package protocol ConnectionHandler: AnyObject {
    /// A frame has come.
    func received(_ frame: Frame, on connection: Connection)
    /// The other side sends no more, but may still listen.
    func inputEnded(on connection: Connection)
    /// The connection is gone, or of no use any more.
    func closed(_ connection: Connection)
    /// What waited to be sent has fallen well below the limit again.
    func drained(_ connection: Connection)
}

/// A connected socket on which ``Frame``s travel, in an event loop. While nothing is under way it holds no buffer.
///
/// It holds its handler until it ends; who holds the connection as well lets go of it in `closed`, or with its own end.
package final class Connection {
    /// Bytes waiting to be sent above which whoever produces them should stop.
    package static let congestion = 1 << 20
    private static let readSize = 16 << 10

    private var handler: (any ConnectionHandler)?
    private let loop: EventLoop
    private var socket: Descriptor?
    private var decoder = FrameDecoder()
    private var waiting: [[UInt8]] = []
    private var waitingPosition = 0
    /// How many bytes wait to be sent.
    package private(set) var backlog = 0
    private var wasCongested = false
    private var paused = false
    private var delivering = false
    private var watched: EventLoop.Interest?
    private var inputHasEnded = false
    private var endReported = false
    private var otherSideGone = false
    private var finishing = false

    /// Serves a connected socket.
    package init(
        adopting socket: consuming Descriptor, in loop: EventLoop, handler: any ConnectionHandler
    ) throws(SystemError) {
        try socket.setNonblocking(true)
        self.loop = loop
        self.handler = handler
        self.socket = consume socket
        watch()
    }

    /// Whether it has been closed.
    package var isClosed: Bool { socket == nil }
    /// Whether so much waits to be sent that whoever produces it should stop until `drained`.
    package var isCongested: Bool { backlog >= Connection.congestion }

    // MARK: Sending

    /// Sends a frame; what the socket does not take now waits.
    package func send(_ frame: Frame) { send(encoded: frame.encoded) }

    /// Sends a response.
    package func respond(_ number: UInt32, _ response: Response) { send(.message(.response(number, response))) }

    /// Sends the bytes of frames.
    package func send(encoded bytes: [UInt8]) {
        guard socket != nil, !otherSideGone, !finishing else { return }
        waiting.append(bytes)
        backlog += bytes.count
        if waiting.count == 1 { flush() }
        if isCongested { wasCongested = true }
    }

    /// Closes once everything that waits has been sent.
    package func finish() {
        guard socket != nil, !finishing else { return }
        finishing = true
        if backlog == 0 || otherSideGone { end() }
    }

    private func flush() {
        do {
            while let first = waiting.first, let taken = try socket?.write(first.span.extracting(waitingPosition...)) {
                guard taken > 0 else { break }
                waitingPosition += taken
                backlog -= taken
                if waitingPosition == first.count {
                    waiting.removeFirst()
                    waitingPosition = 0
                }
            }
        } catch {
            // The other side has closed. What it sent before that is still worth reading, but not from within `send`.
            loseOtherSide()
            loop.schedule(afterMilliseconds: 0) { [self] in readRest() }
        }
        if waiting.isEmpty { waiting = [] }
        watch()
        reportDrained()
        if finishing && backlog == 0 { end() }
    }

    private func readRest() {
        guard !paused, socket != nil else { return }
        if inputHasEnded { end() } else { read() }
    }

    private func loseOtherSide() {
        otherSideGone = true
        waiting = []
        waitingPosition = 0
        backlog = 0
        reportDrained()
    }

    private func reportDrained() {
        guard wasCongested, backlog < Connection.congestion / 2 else { return }
        wasCongested = false
        handler?.drained(self)
    }

    // MARK: Receiving

    /// Stops taking what the other side sends, which then has to wait.
    package func pauseReading() {
        guard !paused else { return }
        paused = true
        watch()
    }

    /// Takes it again, first of all what has come already.
    package func resumeReading() {
        guard paused else { return }
        paused = false
        watch()
        deliver()
        if otherSideGone && !inputHasEnded && !paused { read() }
    }

    /// Hands the connection to somebody else, who gets the frames from here on.
    package func handOver(to handler: any ConnectionHandler) {
        // One that is closed would never let go of it.
        if socket != nil { self.handler = handler }
    }

    private func read() {
        // After a hang-up everything that is left is read at once: the loop would report nothing else any more.
        repeat {
            let result: ReadResult
            do { result = try socket?.read(upTo: Connection.readSize) ?? .wouldBlock } catch { result = .end }
            switch result {
            case .bytes(let bytes):
                decoder.feed(bytes)
                deliver()
            case .end:
                inputHasEnded = true
                watch()
                deliver()
                return
            case .wouldBlock:
                if otherSideGone {
                    inputHasEnded = true
                    deliver()
                }
                return
            }
        } while otherSideGone && !paused && socket != nil
    }

    private func deliver() {
        guard !delivering else { return }
        delivering = true
        defer { delivering = false }
        do {
            while !paused, socket != nil, let frame = try decoder.next() { handler?.received(frame, on: self) }
        } catch {
            // What comes after such bytes can't be understood.
            return end()
        }
        guard inputHasEnded, !paused, socket != nil else { return }
        if otherSideGone { return end() }
        guard !endReported else { return }
        endReported = true
        handler?.inputEnded(on: self)
    }

    // MARK: The socket

    private func watch() {
        guard let number = socket?.rawValue else { return }
        var interest: EventLoop.Interest = []
        if !paused && !inputHasEnded { interest.insert(.readable) }
        if !waiting.isEmpty { interest.insert(.writable) }
        // A socket whose other side is gone would be reported without end.
        if otherSideGone {
            if watched != nil { loop.remove(number) }
            watched = nil
            return
        }
        guard interest != watched else { return }
        do {
            if watched == nil {
                try loop.add(number, interest) { [self] in happened($0) }
            } else {
                try loop.modify(number, interest)
            }
            watched = interest
        } catch {
            end()
        }
    }

    private func happened(_ what: EventLoop.Interest) {
        if what.contains(.writable) { flush() }
        guard socket != nil else { return }
        let hangUp = what.contains(.hangUp) || what.contains(.error)
        if hangUp {
            loseOtherSide()
            watch()
        }
        if inputHasEnded {
            if hangUp { end() }
        } else if (what.contains(.readable) || hangUp) && !paused {
            read()
        } else if hangUp && finishing {
            // Whoever has paused it is through with it: nobody would ever let it go on.
            end()
        }
        // Paused and hung up: the rest is read when reading goes on. An idle one that ends here had nothing left.
    }

    /// Closes at once, and says so.
    package func end() {
        guard let taken = socket.take() else { return }
        if watched != nil { loop.remove(taken.rawValue) }
        watched = nil
        // Bytes left unread would reach the other side as an error in place of the end; nobody wants them any more.
        for _ in 0..<16 { guard case .bytes? = try? taken.read(upTo: Connection.readSize) else { break } }
        loseOtherSide()
        decoder = FrameDecoder()
        let last = handler
        handler = nil
        last?.closed(self)
    }
}
