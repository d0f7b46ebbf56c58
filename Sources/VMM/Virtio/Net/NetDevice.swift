internal import Linux
internal import Synchronization

/// A network device: each pair of queues has a tap of the host's, which the kernel joins to a bridge or whatever there is.
///
/// Virtio 1.2, section 5.1. Checksums and segmentation are left to the kernel in both directions, so that packets of up to
/// 64 KiB travel whole between the guest and the host.
final class NetDevice: VirtioDevice {
    let type: UInt32 = 1
    let features: UInt64
    let queueSizes: [UInt16]
    private let configuration: Mutex<NetConfiguration>
    private let pairs: [NetPair]
    private let threads: [IOThread]
    private let control: NetControl
    private let allCounters: NetCounters
    private let interrupt = Mutex<VirtioInterrupt?>(nil)

    /// - Parameters:
    ///   - taps: one tap for each pair of queues, opened with IFF_VNET_HDR, and with IFF_MULTI_QUEUE if there are several;
    ///     they are the device's from now on, also if it can't be made.
    ///   - hardwareAddress: the guest's address on the link.
    ///   - mtu: bytes of the largest packet without Ethernet's header, 68 to 65535; nil if the guest is not told.
    ///   - limits: how much each pair of queues may send and receive; none by default.
    ///   - threads: where the pairs work, in turn; at least one.
    /// - Throws: ``SystemError`` for what is no tap, or EINVAL for wrong parameters.
    init(
        taps: [Int32], hardwareAddress: HardwareAddress, mtu: UInt16? = nil, limits: NetLimits = NetLimits(),
        threads: [IOThread]
    ) throws(SystemError) {
        let counters = NetCounters()
        var pairs: [NetPair] = []
        var refusal: SystemError?
        for number in taps {
            let tap = Descriptor(adopting: number)
            do throws(SystemError) {
                pairs.append(try NetPair(tap: tap, limits: limits, counters: counters))
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
        guard !pairs.isEmpty, pairs.count <= 16, !threads.isEmpty, mtu.map({ $0 >= 68 }) ?? true else {
            throw SystemError(
                "make a network device", "of \(pairs.count) taps, on \(threads.count) threads, MTU \(mtu ?? 0)",
                code: 22)
        }
        self.pairs = pairs
        self.threads = threads
        allCounters = counters
        features = NetFeature.offered(pairs: pairs.count, mtu: mtu != nil)
        queueSizes = [UInt16](repeating: 256, count: 2 * pairs.count) + (pairs.count > 1 ? [64] : [])
        configuration = Mutex(
            NetConfiguration(
                hardwareAddress: hardwareAddress, pairs: UInt16(truncatingIfNeeded: pairs.count), mtu: mtu))
        control = NetControl { wanted in NetDevice.use(wanted, of: pairs, on: threads) }
        var started = 0
        do throws(SystemError) {
            for (index, pair) in pairs.enumerated() {
                try NetDevice.thread(index, threads).run { loop throws(SystemError) in try pair.start(on: loop) }
                started += 1
            }
        } catch {
            for (index, pair) in pairs.prefix(started).enumerated() {
                NetDevice.thread(index, threads).run { loop in pair.stop(on: loop) }
            }
            throw error
        }
    }

    deinit {
        for (index, pair) in pairs.enumerated() {
            NetDevice.thread(index, threads).run { loop in pair.stop(on: loop) }
        }
    }

    /// What it has done so far.
    var counters: NetCounters.Values { allCounters.values }

    /// Tells the guest that the link is up, or down.
    func setLink(up: Bool) {
        let changed = configuration.withLock { configuration in
            defer { configuration.isUp = up }
            return configuration.isUp != up
        }
        if changed { interrupt.withLock { $0?.raise(.configuration) } }
    }

    /// Other limits from now on, of each pair.
    func setLimits(_ limits: NetLimits) {
        for (index, pair) in pairs.enumerated() {
            NetDevice.thread(index, threads).run { _ in pair.setLimits(limits) }
        }
    }

    private static func thread(_ pair: Int, _ threads: [IOThread]) -> IOThread { threads[pair % threads.count] }

    /// Lets the first pairs be used, and no others; false, and nothing changed, for a number that there is not.
    private static func use(_ wanted: Int, of pairs: [NetPair], on threads: [IOThread]) -> Bool {
        guard (1...pairs.count).contains(wanted) else { return false }
        // A tap of one queue has nothing to attach.
        if pairs.count == 1 { return true }
        do throws(SystemError) {
            for (index, pair) in pairs.enumerated() {
                try thread(index, threads).run { _ throws(SystemError) in try pair.setEnabled(index < wanted) }
            }
            return true
        } catch {
            Console.print("net: \(error)")
            return false
        }
    }

    func readConfiguration(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) {
        // unsafe because the buffer is passed on
        unsafe ConfigurationSpace.read(configuration.withLock { $0.bytes }, at: offset, into: bytes)
    }

    func writeConfiguration(at offset: Int, from bytes: UnsafeRawBufferPointer) {}

    func activate(_ activation: VirtioActivation) throws(VirtioError) {
        let segmented = NetFeature.guestTSO4 | NetFeature.guestTSO6
        if activation.features & segmented != 0, activation.features & NetFeature.guestChecksum == 0 {
            throw VirtioError("net: the driver takes segmented packets, but no packets without a checksum")
        }
        let used = activation.features & NetFeature.multiqueue != 0 ? pairs.count : 1
        let controlQueue = 2 * used
        guard activation.queues.count > 2 * used - 1, activation.notifications.count == activation.queues.count else {
            throw VirtioError("net: the driver has too few queues")
        }
        for index in 0..<used {
            guard let receiving = activation.queues[2 * index], let transmitting = activation.queues[2 * index + 1]
            else {
                // Only the first pair must be there.
                if index == 0 { throw VirtioError("net: the driver has not enabled the first pair of queues") }
                continue
            }
            let pair = pairs[index]
            try NetDevice.thread(index, threads).run { loop throws(VirtioError) in
                try pair.begin(
                    NetPair.Session(
                        receiving: VirtQueue(receiving, features: activation.features, memory: activation.memory),
                        transmitting: VirtQueue(transmitting, features: activation.features, memory: activation.memory),
                        interrupt: activation.interrupt, features: activation.features,
                        notifications: (activation.notifications[2 * index], activation.notifications[2 * index + 1])),
                    on: loop)
            }
        }
        // Section 5.1.6.5.5: the first pair, until the driver asks for more.
        guard NetDevice.use(1, of: pairs, on: threads) else {
            throw VirtioError("net: the host does not let the tap be used with one queue")
        }
        if pairs.count == 1 { threads[0].run { [pairs] _ in pairs[0].enableOnly() } }
        if activation.features & NetFeature.controlQueue != 0, controlQueue < activation.queues.count,
            let layout = activation.queues[controlQueue]
        {
            try threads[0].run { [control] loop throws(VirtioError) in
                try control.begin(
                    VirtQueue(layout, features: activation.features, memory: activation.memory),
                    notification: activation.notifications[controlQueue], interrupt: activation.interrupt, on: loop)
            }
        }
        interrupt.withLock { $0 = activation.interrupt }
    }

    func reset() {
        interrupt.withLock { $0 = nil }
        threads[0].run { [control] loop in control.end(on: loop) }
        for (index, pair) in pairs.enumerated() {
            NetDevice.thread(index, threads).run { loop in pair.end(on: loop) }
        }
    }
}
