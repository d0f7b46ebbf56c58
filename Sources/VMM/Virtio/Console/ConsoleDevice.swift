internal import Glibc
internal import Linux

/// A console with several ports: virtio 1.2, section 5.3.
final class ConsoleDevice: VirtioDevice {
    /// Feature bits of section 5.3.3.
    enum Feature {
        static let multiport: UInt64 = 1 << 1
    }

    /// Ports at most: each has two queues.
    static let portsMax = 30

    /// Used on the I/O thread only.
    private struct Worker: @unchecked Sendable { let worker = ConsoleWorker() }

    let type: UInt32 = 3
    let features = Feature.multiport
    let queueSizes: [UInt16]
    /// Bytes from and to the guest.
    let counters = DeviceCounters()
    private let ports: Int
    private let shared = Worker()
    private let thread: IOThread
    private let watch = QueueWatch()

    /// A console without ports yet; `add` gives it `ports` of them before the machine starts.
    init(ports: Int, thread: IOThread) throws(SystemError) {
        guard (1...ConsoleDevice.portsMax).contains(ports) else {
            throw SystemError("make a console of \(ports) ports: 1 to \(ConsoleDevice.portsMax)", code: EINVAL)
        }
        self.ports = ports
        self.thread = thread
        queueSizes = [UInt16](repeating: 64, count: 2 * ports + 2)
    }

    deinit {
        // What the ports watch is the thread's.
        let shared = shared
        thread.run { shared.worker.end($0) }
    }

    /// Adds the next port.
    func add(_ setup: consuming ConsolePortSetup) throws(SystemError) {
        var setup = Optional(consume setup)
        try thread.run { [shared, counters] loop throws(SystemError) in
            guard let setup = setup.take() else { return }
            try shared.worker.add(setup, loop: loop, counters: counters)
        }
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        var space: [UInt8] = []
        // No size: columns and rows are the terminal's behind a port.
        space.append(littleEndian: 0 as UInt32)
        space.append(littleEndian: UInt32(truncatingIfNeeded: ports))
        space.append(littleEndian: 0 as UInt32)
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(space, at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        try watch.begin(on: thread) { [shared] loop throws(VirtioError) in
            try shared.worker.begin(activation, loop: loop)
            return { shared.worker.end($0) }
        }
    }

    func reset() { watch.end() }
}
