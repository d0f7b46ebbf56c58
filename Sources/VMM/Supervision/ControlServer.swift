internal import Linux
internal import Wire

/// Answers who asks bulkhead-vmm itself on the control socket.
final class ControlServer {
    private final class Client {
        let socket: Descriptor
        var decoder = FrameDecoder()
        init(_ socket: consuming Descriptor) { self.socket = socket }
    }

    private let loop: EventLoop
    private let listener: Descriptor
    private var clients: [Int32: Client] = [:]
    private let answer: (Request) -> Response

    /// Listens at a path; `answer` is called from the loop for each request.
    init(path: String, loop: EventLoop, answer: @escaping (Request) -> Response) throws(SystemError) {
        self.loop = loop
        self.answer = answer
        listener = try UnixSocket.listen(path)
        try listener.setNonblocking(true)
        try loop.add(listener.rawValue, .readable) { [unowned self] _ in acceptAll() }
    }

    private func acceptAll() {
        do {
            while let socket = try UnixSocket.accept(listener) {
                try socket.setNonblocking(true)
                let client = Client(socket)
                let number = client.socket.rawValue
                clients[number] = client
                try loop.add(number, .readable) { [unowned self] _ in serve(number) }
            }
        } catch {
            Console.print("the control socket: \(error)")
            loop.pause(listener.rawValue)
        }
    }

    private func serve(_ number: Int32) {
        guard let client = clients[number] else { return }
        do {
            switch try client.socket.read(upTo: 64 << 10) {
            case .bytes(let bytes):
                client.decoder.feed(bytes)
                while let frame = try client.decoder.next() {
                    guard case .message(.request(let id, let request)) = frame else { continue }
                    let reply = Frame.message(.response(id, answer(request))).encoded
                    // An answer is small: who does not read a few of them is not worth more.
                    guard try client.socket.write(reply) == reply.count else { return drop(number) }
                }
            case .end: drop(number)
            case .wouldBlock: break
            }
        } catch {
            drop(number)
        }
    }

    private func drop(_ number: Int32) {
        loop.remove(number)
        clients[number] = nil
    }
}
