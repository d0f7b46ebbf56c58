internal import Glibc
internal import Linux
internal import OCI

/// The conversation between a new process and whoever makes it: packets of one letter and what belongs to it.
///
/// ```
///  parent                                    child
///    |                 N                       |  only where the parent must say who its users are
///    | <-------------------------------------- |
///    | G + descriptor                          |  only where the parent makes the network namespace
///    | --------------------------------------> |
///    |                 T + descriptor          |  the terminal's master
///    | <-------------------------------------- |
///    |                 H                       |  only where there are hooks: they may be run
///    | <-------------------------------------- |
///    | G                                       |
///    | --------------------------------------> |
///    |                 R                       |  everything is set up
///    | <-------------------------------------- |
///    | S + interfaces as JSON                  |
///    | --------------------------------------> |
///    |                 end of connection       |  the program is executed
///    | <-------------------------------------- |
/// ```
/// Where nothing lies between them, S is sent before R is awaited. Instead of T, R and the end there may come E, a letter
/// for the kind of error, and its text.
///
/// A process that enters a container says P and the number of the one that it has made there in place of R; G and the
/// same number is what that one waits for.
struct ChildChannel: ~Copyable {
    /// A message to the parent.
    enum Report: ~Copyable {
        case terminal(Descriptor)
        case separated
        case mounted
        case ready
        case entered(Int32)
        case failed(RuntimeError)
        case ended
    }

    let socket: Descriptor

    init(_ socket: consuming Descriptor) { self.socket = socket }

    static let largestPacket = 32 << 10

    // The child's half.

    func report(_ error: RuntimeError) {
        let (letter, text): (Character, String) =
            switch error {
            case .commandNotFound(let text): ("n", text)
            case .commandNotExecutable(let text): ("x", text)
            case .invalid(let text): ("i", text)
            case .wrongState(let text): ("w", text)
            case .failed(let text): ("f", text)
            }
        let packet = Array("E\(letter)\(text)".utf8.prefix(ChildChannel.largestPacket))
        // The parent may have gone: then there is nobody to tell.
        _ = try? UnixSocket.send(packet, over: socket)
    }

    /// Lets the parent do for the new namespaces what only it can, and waits until that is done.
    func awaitNamespaces() throws(SystemError) {
        try UnixSocket.send(Array("N".utf8), over: socket)
        _ = try order()
    }

    /// Lets the parent run its hooks, and waits until that is done.
    func awaitHooks() throws(SystemError) {
        try UnixSocket.send(Array("H".utf8), over: socket)
        _ = try order()
    }

    func reportReady() throws(SystemError) { try UnixSocket.send(Array("R".utf8), over: socket) }

    /// Tells which process is the one that executes the program.
    func report(process: Int32) throws(SystemError) { try UnixSocket.send(Array("P\(process)".utf8), over: socket) }

    /// Waits for the word of the parent that it knows of this process; returns its number there.
    func awaitNumber() throws(SystemError) -> Int32 {
        guard let number = Int32(String(decoding: try order().dropFirst(), as: UTF8.self)) else {
            throw SystemError("hear of the process's number", code: EPROTO)
        }
        return number
    }

    func report(terminal: borrowing Descriptor) throws(SystemError) {
        try UnixSocket.send(Array("T".utf8), descriptors: [terminal.rawValue], over: socket)
    }

    /// The next packet of the parent; ends the process if the parent has gone, for nobody will ever want it then.
    func order() throws(SystemError) -> [UInt8] {
        guard let message = try UnixSocket.receive(upTo: ChildChannel.largestPacket, over: socket) else { return [] }
        if message.bytes.isEmpty { Program.exitNow(1) }
        return message.bytes
    }

    /// Waits for the network namespace that the parent makes; nil where it could not.
    func awaitNetwork() throws(SystemError) -> Descriptor? {
        guard var message = try UnixSocket.receive(upTo: ChildChannel.largestPacket, over: socket) else { return nil }
        if message.bytes.isEmpty { Program.exitNow(1) }
        return message.takeDescriptor()
    }

    // The parent's half.

    /// A process that has ended meanwhile has left a report that says why.
    func orderGoingOn(into network: consuming Descriptor? = nil) throws(SystemError) {
        do throws(SystemError) {
            if let network {
                try UnixSocket.send(Array("G".utf8), descriptors: [network.rawValue], over: socket)
            } else {
                try UnixSocket.send(Array("G".utf8), over: socket)
            }
        } catch  where error.code == EPIPE || error.code == ECONNRESET {}
    }

    func orderGoingOn(as process: Int32) throws(SystemError) {
        try UnixSocket.send(Array("G\(process)".utf8), over: socket)
    }

    /// Whether there is something to hear now, or within that time.
    func hasReport(within milliseconds: Int64) throws(SystemError) -> Bool {
        try UnixSocket.awaitMessage(over: socket, atMost: milliseconds)
    }

    /// For a process that still sets itself up, and finds the order when it is done. One that has ended meanwhile has left
    /// a report that says why.
    func orderEarlyStart() throws(SystemError) {
        do throws(SystemError) { try orderStart([]) } catch  where error.code == EPIPE || error.code == ECONNRESET {}
    }

    func orderStart(_ interfaces: [InterfaceConfiguration]) throws(SystemError) {
        let text = interfaces.isEmpty ? "" : JSON.array(interfaces.map { $0.json }).description
        try UnixSocket.send(Array("S\(text)".utf8), over: socket)
    }

    func nextReport() throws(SystemError) -> Report {
        guard var message = try UnixSocket.receive(upTo: ChildChannel.largestPacket, over: socket) else {
            return .ended
        }
        switch message.bytes.first {
        case UInt8(ascii: "R"): return .ready
        case UInt8(ascii: "N"): return .separated
        case UInt8(ascii: "P"):
            guard let number = Int32(String(decoding: message.bytes.dropFirst(), as: UTF8.self)) else { return .ended }
            return .entered(number)
        case UInt8(ascii: "H"): return .mounted
        case UInt8(ascii: "T"):
            guard let terminal = message.takeDescriptor() else { return .ended }
            return .terminal(terminal)
        case UInt8(ascii: "E"):
            let text = String(decoding: message.bytes.dropFirst(2), as: UTF8.self)
            switch message.bytes.dropFirst().first {
            case UInt8(ascii: "n"): return .failed(.commandNotFound(text))
            case UInt8(ascii: "x"): return .failed(.commandNotExecutable(text))
            case UInt8(ascii: "i"): return .failed(.invalid(text))
            case UInt8(ascii: "w"): return .failed(.wrongState(text))
            default: return .failed(.failed(text))
            }
        default: return .ended
        }
    }
}

extension InterfaceConfiguration {
    /// As it is told to the child.
    var json: JSON {
        .members([
            "name": .string(name), "hardwareAddress": hardwareAddress.map { .string($0) }, "addresses": JSON(addresses),
            "gateway": gateway.map { .string($0) }, "mtu": mtu.map { JSON($0) },
        ])
    }

    /// As the child is told.
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(), hardwareAddress: try field.optional("hardwareAddress")?.string(),
            addresses: try field.required("addresses").strings(), gateway: try field.optional("gateway")?.string(),
            mtu: try field.optional("mtu")?.number())
    }
}
