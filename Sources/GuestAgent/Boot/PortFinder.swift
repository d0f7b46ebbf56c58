internal import Linux

/// Finds the virtio port to the host, which the kernel knows by name only some time after its driver is there.
final class PortFinder {
    static let name = "org.bulkhead.guest"
    private static let patience: Int64 = 30_000

    private let loop: EventLoop
    private let whenDone: (Result<Descriptor.Adoptable, BootError>) -> Void
    private var events: Descriptor?
    private var deadline: EventLoop.Timer?

    /// Calls `whenDone` once the port has been opened, or could not be.
    init(in loop: EventLoop, whenDone: @escaping (Result<Descriptor.Adoptable, BootError>) -> Void) {
        self.loop = loop
        self.whenDone = whenDone
    }

    /// Begins; the loop holds this object until it is done.
    func begin() {
        do {
            let events = try FirstProcess.deviceEvents()
            let number = events.rawValue
            self.events = consume events
            try loop.add(number, .readable) { [self] _ in
                while case .bytes? = try? self.events?.read(upTo: 8192) {}
                look()
            }
            deadline = loop.schedule(afterMilliseconds: PortFinder.patience) { [self] in
                end(.failure(.missing("the virtio port \(PortFinder.name)")))
            }
        } catch {
            return end(.failure(.step("the port to the host", error)))
        }
        look()
    }

    private func look() {
        guard events != nil else { return }
        // The folder comes with the first port.
        for port in (try? Files.entries(of: "/sys/class/virtio-ports")) ?? [] {
            let name = (try? Files.readText("/sys/class/virtio-ports/\(port)/name")) ?? ""
            guard name.prefix(while: { !$0.isWhitespace }) == PortFinder.name else { continue }
            do {
                let device = try Descriptor.open("/dev/\(port)", .readWrite)
                return end(.success(Descriptor.Adoptable(number: device.release())))
            } catch {
                return end(.failure(.step("the port to the host", error)))
            }
        }
    }

    private func end(_ result: Result<Descriptor.Adoptable, BootError>) {
        if let events = events.take() { loop.remove(events.rawValue) }
        if let deadline { loop.cancel(deadline) }
        whenDone(result)
    }
}

extension Descriptor {
    /// The number of an open descriptor that whoever gets it must adopt: `Result` can't carry what is not copyable.
    struct Adoptable { let number: Int32 }
}
