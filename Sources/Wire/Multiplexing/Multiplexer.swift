/// Any number of connections over one byte stream (a virtio port), as a state machine without input and output.
///
/// The host's side opens connections, the guest's side accepts them; after that both are alike. Each direction of a
/// connection has credit: a sender has at most ``window`` bytes under way that the other side's consumer has not taken,
/// so that one stream that nobody reads never stops the others, and memory is bounded on both sides whatever the
/// other does.
///
/// ```
/// from the link ──► receive(_:) ──► events ──► connections;  what they have taken: consumed(_:on:)
/// from connections, at most sendable(on:) bytes ──► send(_:on:) ──► takeOutput(atMost:) ──► the link
/// ```
/// A driver reads a connection only while ``sendable(on:)`` is not zero, and asks again after every `receive` and
/// `takeOutput`.
public struct Multiplexer: Sendable {
    /// Which end of the link this is.
    public enum Side: Sendable { case host, guest }

    /// What the other side's bytes mean.
    public enum Event: Sendable, Equatable {
        /// The guest's side is there: what was opened before is under way now. Of the host's side only.
        case ready
        /// The other side has opened a connection. Of the guest's side only.
        case opened(UInt32)
        /// Bytes of a connection. Once they are taken, say so with ``Multiplexer/consumed(_:on:)``.
        case data(UInt32, [UInt8])
        /// The other side sends no more on this connection.
        case finished(UInt32)
        /// The connection is over: both sides have finished, or the other has reset it.
        case closed(UInt32)
    }

    private struct Connection: Sendable {
        /// Bytes that may still be sent.
        var credit: Int
        /// Bytes that the other side may still send.
        var expected: Int
        /// Bytes taken by the consumer for which no credit has been given back yet.
        var owed = 0
        /// Who has finished sending.
        var finishedHere = false
        var finishedThere = false
    }

    /// Bytes that may be under way in one direction of a connection.
    public static let window = 256 << 10
    /// Bytes waiting for the link above which no connection may send.
    public static let outputBound = 128 << 10

    private let side: Side
    private var connections: [UInt32: Connection] = [:]
    private var isReady: Bool
    private var nextConnection: UInt32 = 1
    private var output: [UInt8] = []
    private var outputPosition = 0
    private var input: [UInt8] = []

    /// Creates one end. The guest's says hello at once: it is only created when its end of the link has been opened.
    public init(side: Side) {
        self.side = side
        isReady = side == .guest
        if side == .guest { LinkFrame.hello(version: LinkFrame.version).write(to: &output) }
    }

    // MARK: The connections' side

    /// Opens a connection; what is sent on it waits until the guest's side is ready.
    ///
    /// - Returns: its number, or nil on the guest's side, which only accepts.
    public mutating func open() -> UInt32? {
        guard side == .host else { return nil }
        while connections[nextConnection] != nil || nextConnection == 0 { nextConnection &+= 1 }
        let number = nextConnection
        nextConnection &+= 1
        connections[number] = Connection(credit: Multiplexer.window, expected: Multiplexer.window)
        if isReady { LinkFrame.open(number).write(to: &output) }
        return number
    }

    /// How many bytes `send` would take now: 0 where the credit is used up, the link is busy or there is none such.
    public func sendable(on connection: UInt32) -> Int {
        guard isReady, let state = connections[connection], !state.finishedHere else { return 0 }
        return min(state.credit, max(Multiplexer.outputBound - waitingOutput, 0))
    }

    /// Sends as many of these bytes as may be sent.
    ///
    /// - Returns: how many were taken.
    public mutating func send(_ bytes: [UInt8], on connection: UInt32) -> Int {
        let count = min(bytes.count, sendable(on: connection))
        for start in stride(from: 0, to: count, by: LinkFrame.largestData) {
            let end = min(start + LinkFrame.largestData, count)
            LinkFrame.data(connection, Array(bytes[start..<end])).write(to: &output)
        }
        connections[connection]?.credit -= count
        return count
    }

    /// Says that the consumer has taken so many bytes of those received: the other side may send as many again.
    public mutating func consumed(_ count: Int, on connection: UInt32) {
        guard var state = connections[connection] else { return }
        state.owed += count
        if state.owed >= Multiplexer.window / 4 && !state.finishedThere {
            LinkFrame.credit(connection, UInt32(truncatingIfNeeded: state.owed)).write(to: &output)
            state.expected += state.owed
            state.owed = 0
        }
        connections[connection] = state
    }

    /// Says that no more will be sent on this connection.
    ///
    /// - Returns: whether that was the end of the connection, because the other side had finished before.
    @discardableResult
    public mutating func finish(_ connection: UInt32) -> Bool {
        guard var state = connections[connection], !state.finishedHere else { return false }
        state.finishedHere = true
        connections[connection] = state.finishedThere ? nil : state
        if isReady { LinkFrame.finish(connection).write(to: &output) }
        return state.finishedThere
    }

    /// Ends a connection in both directions.
    public mutating func reset(_ connection: UInt32) {
        guard connections.removeValue(forKey: connection) != nil else { return }
        if isReady { LinkFrame.reset(connection).write(to: &output) }
    }

    // MARK: The link's side

    /// How many bytes wait for the link.
    public var waitingOutput: Int { output.count - outputPosition }

    /// The next bytes for the link: none when there is nothing to send. What the link does not take is put back with
    /// ``putBack(_:)``.
    public mutating func takeOutput(atMost limit: Int = 64 << 10) -> [UInt8] {
        let end = min(output.count, outputPosition + limit)
        let bytes = Array(output[outputPosition..<end])
        outputPosition = end
        if outputPosition == output.count {
            output = []
            outputPosition = 0
        }
        return bytes
    }

    /// Gives back the end of what ``takeOutput(atMost:)`` gave last.
    public mutating func putBack(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        output = bytes + output[outputPosition...]
        outputPosition = 0
    }

    /// Takes what has come over the link.
    ///
    /// - Returns: what it means, in order.
    /// - Throws: ``WireError/violation(_:)`` if the other side breaks the rules: the link is of no use any more.
    public mutating func receive(_ bytes: [UInt8]) throws(WireError) -> [Event] {
        input.append(contentsOf: bytes)
        var events: [Event] = []
        var position = 0
        while let frame = try LinkFrame.read(from: input, at: &position) { try take(frame, &events) }
        if position == input.count { input = [] } else { input.removeSubrange(..<position) }
        return events
    }

    private mutating func take(_ frame: LinkFrame, _ events: inout [Event]) throws(WireError) {
        switch frame {
        case .hello(let version): try hello(version, &events)
        case .open(let number): try opened(number, &events)
        case .data(let number, let bytes):
            // A connection that has been reset here may still have bytes under way.
            guard var state = connections[number] else { return }
            guard !state.finishedThere, bytes.count <= state.expected else {
                throw .violation("more data on connection \(number) than was granted")
            }
            state.expected -= bytes.count
            connections[number] = state
            events.append(.data(number, bytes))
        case .credit(let number, let count):
            guard let state = connections[number] else { return }
            guard state.credit + Int(count) <= Multiplexer.window else {
                throw .violation("more credit on connection \(number) than was used")
            }
            connections[number]?.credit += Int(count)
        case .finish(let number):
            guard var state = connections[number], !state.finishedThere else { return }
            state.finishedThere = true
            connections[number] = state.finishedHere ? nil : state
            events.append(state.finishedHere ? .closed(number) : .finished(number))
        case .reset(let number):
            if connections.removeValue(forKey: number) != nil { events.append(.closed(number)) }
        }
    }

    private mutating func hello(_ version: UInt32, _ events: inout [Event]) throws(WireError) {
        guard side == .host else { throw .violation("the host's side said hello") }
        guard version == LinkFrame.version else { throw .violation("version \(version) of the guest's agent") }
        if isReady {
            // The agent has been started again: it knows nothing of the connections from before.
            events.append(contentsOf: connections.keys.sorted().map { .closed($0) })
            connections = [:]
        }
        isReady = true
        for number in connections.keys.sorted() {
            LinkFrame.open(number).write(to: &output)
            if connections[number]?.finishedHere == true { LinkFrame.finish(number).write(to: &output) }
        }
        events.append(.ready)
    }

    private mutating func opened(_ number: UInt32, _ events: inout [Event]) throws(WireError) {
        guard side == .guest else { throw .violation("the guest's side opened a connection") }
        guard connections[number] == nil else { throw .violation("connection \(number) opened twice") }
        connections[number] = Connection(credit: Multiplexer.window, expected: Multiplexer.window)
        events.append(.opened(number))
    }
}
