internal import Glibc
internal import Linux

/// Persistent memory: virtio 1.2, section 5.19. The guest reads and writes the mapping itself; here it asks for flushes.
///
/// Whoever makes it has mapped the file (``PmemMapping``), registers it at a guest-physical address, and keeps it until
/// the machine has ended.
final class PmemDevice: VirtioDevice {
    let type: UInt32 = 27
    let features: UInt64 = 0
    let queueSizes: [UInt16] = [64]
    /// Flushes and errors.
    let counters = DeviceCounters()

    private let file: Descriptor?
    private let configuration: [UInt8]
    private let thread: IOThread
    private let watch = QueueWatch()

    /// - Parameter address: guest-physical, a multiple of 2 MiB, where the mapping is.
    init(_ mapping: borrowing PmemMapping, address: UInt64, thread: IOThread) throws(SystemError) {
        guard address % PmemMapping.alignment == 0 else {
            throw SystemError("put persistent memory at an address that is no multiple of 2 MiB", code: EINVAL)
        }
        // What can't be written needs no flush.
        file = mapping.readOnly ? nil : try mapping.file.duplicate()
        var space: [UInt8] = []
        space.append(littleEndian: address)
        space.append(littleEndian: mapping.count)
        configuration = space
        self.thread = thread
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(configuration, at: offset, into: bytes)
    }

    // Nothing in it is the driver's to write.
    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        guard let layout = activation.queues.first ?? nil else { return }
        let notification = activation.notifications[0]
        try watch.begin(on: thread, notification: notification) { [unowned self] () throws(VirtioError) in
            let worker = try QueueWorker(layout, activation, notification: notification)
            return { self.serve(worker) }
        }
    }

    func reset() { watch.end() }

    private func serve(_ worker: QueueWorker) {
        worker.serve(each: true) { (chain: inout DescriptorChain) throws(VirtioError) in
            let type: UInt32? = chain.readable.load()
            // Section 5.19.6: 0 is a flush, and the only request; 0 is success, and -1 failure.
            let done = type == 0 && flush()
            counters.count(failed: !done)
            let written = chain.writable.store(done ? 0 : UInt32.max)
            return .done(written: written ? 4 : 0)
        }
    }

    private func flush() -> Bool {
        switch file {
        // Pages that were written through a shared mapping are the file's: this writes them, too.
        case .some(let file): fdatasync(file.rawValue) == 0
        case .none: true
        }
    }
}
