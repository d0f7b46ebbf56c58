internal import Glibc
internal import Synchronization

/// A virtio device on the memory bus: the registers of virtio-mmio version 2 (virtio 1.2, section 4.2).
///
/// Whoever registers it gives one eventfd per queue, which KVM signals (ioeventfd at QueueNotify, 4 bytes, the value is
/// the queue's number); a write that comes here all the same is passed on to it. Virtual processors' threads come one
/// at a time; the device's threads never wait for this lock, so that a reset may wait for them under it.
final class MMIOTransport: BusDevice {
    private struct State {
        var status: VirtioStatus = []
        var deviceFeaturesSelect: UInt32 = 0
        var driverFeaturesSelect: UInt32 = 0
        var driverFeatures: UInt64 = 0
        var queueSelect: UInt32 = 0
        var sharedMemorySelect: UInt32 = 0
        var queues: [Queue]
        /// Whether the device has the queues.
        var active = false
    }
    private struct Queue {
        var layout: VirtQueueLayout
        var ready = false
    }

    /// The device behind the registers.
    let device: any VirtioDevice
    /// The device's interrupt.
    let interrupt: VirtioInterrupt
    private let memory: GuestMemory
    private let notifications: [Int32]
    private let state: Mutex<State>

    /// A transport for a device.
    ///
    /// - Parameters:
    ///   - notifications: an eventfd for each of the device's queues, which stay the caller's and outlive this object.
    ///   - interrupt: not shared with other devices.
    init(_ device: any VirtioDevice, memory: GuestMemory, interrupt: VirtioInterrupt, notifications: [Int32]) {
        self.device = device
        self.memory = memory
        self.interrupt = interrupt
        self.notifications = notifications
        state = Mutex(State(queues: MMIOTransport.freshQueues(device)))
    }

    /// What the device offers.
    var features: UInt64 { device.features | VirtioFeature.transport }

    /// Takes the queues away from the device, before the guest's memory goes.
    func stop() { state.withLock { reset(&$0) } }

    // MARK: Reading

    func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) {
        if offset >= MMIORegister.configuration {
            // The length of the range ends this; beyond the configuration space are zeros.
            let place = Int(truncatingIfNeeded: min(offset, MMIORegister.count) &- MMIORegister.configuration)
            // unsafe because the buffer is passed on
            return unsafe device.readConfiguration(at: place, into: bytes)
        }
        // Section 4.2.2.2: registers are read whole.
        guard bytes.count == 4, offset & 3 == 0 else {
            // unsafe because the buffer is the caller's
            for index in bytes.indices { unsafe bytes[index] = 0 }
            return
        }
        // unsafe because the buffer has 4 bytes
        unsafe bytes.storeBytes(of: state.withLock { value(of: offset, $0) }, as: UInt32.self)
    }

    private func value(of register: UInt64, _ state: borrowing State) -> UInt32 {
        switch register {
        case MMIORegister.magic: return 0x7472_6976
        case MMIORegister.version: return 2
        case MMIORegister.deviceID: return device.type
        // "BKHD".
        case MMIORegister.vendorID: return 0x4448_4B42
        case MMIORegister.deviceFeatures:
            return MMIOTransport.word(features, state.deviceFeaturesSelect)
        case MMIORegister.queueSizeMax:
            return device.queueSizes.element(state.queueSelect).map { UInt32($0) } ?? 0
        case MMIORegister.queueReady: return state.queues.element(state.queueSelect)?.ready == true ? 1 : 0
        case MMIORegister.interruptStatus: return interrupt.status
        case MMIORegister.status:
            return state.status.union(interrupt.needsReset ? .needsReset : []).rawValue
        case MMIORegister.sharedMemoryCountLow, MMIORegister.sharedMemoryCountHigh:
            let count = device.sharedMemory(state.sharedMemorySelect)?.count ?? .max
            return MMIOTransport.word(count, register == MMIORegister.sharedMemoryCountLow ? 0 : 1)
        case MMIORegister.sharedMemoryBaseLow, MMIORegister.sharedMemoryBaseHigh:
            let base = device.sharedMemory(state.sharedMemorySelect)?.address ?? .max
            return MMIOTransport.word(base, register == MMIORegister.sharedMemoryBaseLow ? 0 : 1)
        case MMIORegister.configurationGeneration: return interrupt.generation
        // Write-only and reserved ones.
        default: return 0
        }
    }

    private static func word(_ value: UInt64, _ number: UInt32) -> UInt32 {
        switch number {
        case 0: UInt32(truncatingIfNeeded: value)
        case 1: UInt32(truncatingIfNeeded: value >> 32)
        default: 0
        }
    }

    // MARK: Writing

    func write(at offset: UInt64, from bytes: UnsafeRawBufferPointer) {
        if offset >= MMIORegister.configuration {
            let place = Int(truncatingIfNeeded: min(offset, MMIORegister.count) &- MMIORegister.configuration)
            // unsafe because the buffer is passed on
            return unsafe device.writeConfiguration(at: place, from: bytes)
        }
        guard bytes.count == 4, offset & 3 == 0 else { return }
        // unsafe because the buffer has 4 bytes
        let value = unsafe bytes.loadUnaligned(as: UInt32.self)
        switch offset {
        case MMIORegister.queueNotify:
            if let event = notifications.element(value) { EventCounter.signal(event) }
        case MMIORegister.interruptAcknowledge: interrupt.acknowledge(value)
        default: state.withLock { write(value, to: offset, &$0) }
        }
    }

    private func write(_ value: UInt32, to register: UInt64, _ state: inout State) {
        switch register {
        case MMIORegister.deviceFeaturesSelect: state.deviceFeaturesSelect = value
        case MMIORegister.driverFeaturesSelect: state.driverFeaturesSelect = value
        case MMIORegister.driverFeatures:
            // Section 3.1.1: what was agreed on stays.
            guard !state.status.contains(.featuresOK) else { return }
            switch state.driverFeaturesSelect {
            case 0: state.driverFeatures.low = value
            case 1: state.driverFeatures.high = value
            default: break
            }
        case MMIORegister.queueSelect: state.queueSelect = value
        case MMIORegister.sharedMemorySelect: state.sharedMemorySelect = value
        case MMIORegister.status: setStatus(value, &state)
        default: writeQueue(value, register, &state)
        }
    }

    /// Registers of the selected queue: they change nothing any more once the device has the queues, nor those of one
    /// that is ready.
    private func writeQueue(_ value: UInt32, _ register: UInt64, _ state: inout State) {
        guard !state.active, let index = Int(exactly: state.queueSelect), state.queues.indices.contains(index) else {
            return
        }
        if register == MMIORegister.queueReady {
            state.queues[index].ready = value & 1 != 0
            return
        }
        guard !state.queues[index].ready else { return }
        switch register {
        case MMIORegister.queueSize:
            // A size of more than is offered is refused when the device gets the queue.
            state.queues[index].layout.size = UInt16(clamping: value)
        case MMIORegister.queueDescriptorsLow: state.queues[index].layout.descriptors.low = value
        case MMIORegister.queueDescriptorsHigh: state.queues[index].layout.descriptors.high = value
        case MMIORegister.queueAvailableLow: state.queues[index].layout.available.low = value
        case MMIORegister.queueAvailableHigh: state.queues[index].layout.available.high = value
        case MMIORegister.queueUsedLow: state.queues[index].layout.used.low = value
        case MMIORegister.queueUsedHigh: state.queues[index].layout.used.high = value
        // Read-only and reserved ones.
        default: break
        }
    }

    // MARK: The device's life

    private func setStatus(_ value: UInt32, _ state: inout State) {
        if value == 0 { return reset(&state) }
        let agreed =
            state.driverFeatures & ~features == 0 && state.driverFeatures & VirtioFeature.version1 != 0
        guard let new = state.status.written(VirtioStatus(rawValue: value), agreed: agreed) else { return }
        let starts = new.contains(.driverOK) && !state.status.contains(.driverOK)
        state.status = new
        guard starts else { return }
        do throws(VirtioError) {
            try activate(&state)
        } catch {
            interrupt.fail(error)
        }
    }

    private func activate(_ state: inout State) throws(VirtioError) {
        let sizes = device.queueSizes
        for (index, queue) in state.queues.enumerated() where queue.ready {
            guard let greatest = sizes.element(UInt32(index)), queue.layout.size <= greatest else {
                throw VirtioError("queue \(index) has \(queue.layout.size) descriptors, which is more than was offered")
            }
        }
        state.active = true
        try device.activate(
            VirtioActivation(
                features: state.driverFeatures, memory: memory,
                queues: state.queues.map { $0.ready ? $0.layout : nil }, notifications: notifications,
                interrupt: interrupt))
    }

    private func reset(_ state: inout State) {
        if state.active { device.reset() }
        // What the last driver's notifications have left would only be spurious ones of the next.
        state = State(queues: MMIOTransport.freshQueues(device))
        interrupt.reset()
    }

    private static func freshQueues(_ device: any VirtioDevice) -> [Queue] {
        device.queueSizes.map { Queue(layout: VirtQueueLayout(size: $0, descriptors: 0, available: 0, used: 0)) }
    }
}

extension Array {
    /// The element of a number that the guest has given, if there is one.
    fileprivate func element(_ number: UInt32) -> Element? {
        let index = Int(number)
        return index < count ? self[index] : nil
    }
}

extension UInt64 {
    /// The lower half.
    fileprivate var low: UInt32 {
        get { UInt32(truncatingIfNeeded: self) }
        set { self = self & ~0xFFFF_FFFF | UInt64(newValue) }
    }
    /// The upper half.
    fileprivate var high: UInt32 {
        get { UInt32(truncatingIfNeeded: self >> 32) }
        set { self = self & 0xFFFF_FFFF | UInt64(newValue) << 32 }
    }
}
