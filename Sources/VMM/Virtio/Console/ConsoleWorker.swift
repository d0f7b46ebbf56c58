internal import Linux

/// A console's queues and ports, on their I/O thread.
final class ConsoleWorker {
    /// A port and what the guest knows of it.
    private struct Entry {
        let name: [UInt8]
        let isConsole: Bool
        let port: ConsolePort
        var news: ConsoleNews = []
        /// The driver has it (PORT_READY): before that it knows nothing of opening and closing.
        var ready = false
    }

    private var entries: [Entry] = []
    private var sources: [IOLoop.Source] = []
    private var toGuest: QueueWorker?
    private var fromGuest: QueueWorker?

    /// Adds a port; the first is number 0.
    func add(_ setup: consuming ConsolePortSetup, loop: IOLoop, counters: DeviceCounters) throws(SystemError) {
        let number = entries.count
        let (name, isConsole) = (Array(setup.name.utf8.prefix(64)), setup.isConsole)
        let port = try ConsolePort(setup.end, loop: loop, counters: counters) { [unowned self] in
            guard entries[number].ready else { return }
            entries[number].news.insert(.open)
            tell()
        }
        entries.append(Entry(name: name, isConsole: isConsole, port: port))
    }

    // MARK: The device's life

    /// Where a port's receive queue is; its transmit queue follows. Queues 2 and 3 are the control queues.
    static func firstQueue(_ port: Int) -> Int { port == 0 ? 0 : 2 * port + 2 }

    /// The driver is ready.
    func begin(_ activation: VirtioActivation, loop: IOLoop) throws(VirtioError) {
        let multiport = activation.features & ConsoleDevice.Feature.multiport != 0
        func queue(_ number: Int) throws(VirtioError) -> QueueWorker? {
            guard number < activation.queues.count, let layout = activation.queues[number] else { return nil }
            return try QueueWorker(layout, activation, notification: activation.notifications[number])
        }
        func watch(_ number: Int, _ serve: @escaping () -> Void) throws(VirtioError) {
            sources.append(try loop.watch(notification: activation.notifications[number], serve))
        }
        do throws(VirtioError) {
            if multiport {
                (toGuest, fromGuest) = (try queue(2), try queue(3))
                try watch(2) { [unowned self] in tell() }
                try watch(3) { [unowned self] in hear() }
            }
            // Without the feature there is only one, which is always open.
            for number in 0..<(multiport ? entries.count : min(entries.count, 1)) {
                let (port, first) = (entries[number].port, ConsoleWorker.firstQueue(number))
                let (receiving, transmitting) = (try queue(first), try queue(first + 1))
                do throws(SystemError) {
                    try port.begin(receiving: receiving, transmitting: transmitting, guestOpen: !multiport)
                } catch {
                    throw VirtioError("\(error)")
                }
                try watch(first) { [unowned port] in port.receive() }
                try watch(first + 1) { [unowned port] in port.transmit() }
            }
        } catch {
            end(loop)
            throw error
        }
        hear()
    }

    /// The driver takes its queues back.
    func end(_ loop: IOLoop) {
        for source in sources { loop.remove(source) }
        (sources, toGuest, fromGuest) = ([], nil, nil)
        for number in entries.indices {
            entries[number].port.end()
            (entries[number].news, entries[number].ready) = ([], false)
        }
    }

    // MARK: Control messages

    private func hear() {
        fromGuest?.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            if let message: ConsoleMessage = chain.readable.load() { take(message) }
            return .done(written: 0)
        }
        tell()
    }

    private func take(_ message: ConsoleMessage) {
        let event = ConsoleMessage.Event(rawValue: message.event)
        if event == .deviceReady {
            // 0 says that the driver has failed: then nothing is to be told.
            for number in entries.indices { entries[number].news = message.value == 1 ? .add : [] }
            return
        }
        guard let number = Int(exactly: message.port), entries.indices.contains(number) else { return }
        switch event {
        case .portReady:
            entries[number].ready = message.value == 1
            guard message.value == 1 else { return }
            entries[number].news.formUnion([.name, .open])
            if entries[number].isConsole { entries[number].news.insert(.console) }
        case .portOpen: entries[number].port.setGuestOpen(message.value != 0)
        // The rest is the device's to say.
        default: break
        }
    }

    /// Tells the guest what it does not know yet, as far as it has given room; the rest when it gives more.
    private func tell() {
        guard let toGuest, entries.contains(where: { !$0.news.isEmpty }) else { return }
        toGuest.serve { (chain: inout DescriptorChain) throws(VirtioError) in
            for number in entries.indices {
                guard let written = tellOne(number, &chain) else { continue }
                return .done(written: written)
            }
            return .later
        }
        _ = toGuest.watch()
    }

    /// The next piece of news of a port, in the order that drivers expect.
    private func tellOne(_ number: Int, _ chain: inout DescriptorChain) -> Int? {
        let id = UInt32(truncatingIfNeeded: number)
        let news = entries[number].news
        if news.contains(.add) {
            entries[number].news.remove(.add)
            return write(ConsoleMessage(port: id, .portAdd), &chain)
        }
        if news.contains(.console) {
            entries[number].news.remove(.console)
            return write(ConsoleMessage(port: id, .consolePort), &chain)
        }
        if news.contains(.name) {
            entries[number].news.remove(.name)
            return write(ConsoleMessage(port: id, .portName), &chain, entries[number].name)
        }
        if news.contains(.open) {
            entries[number].news.remove(.open)
            let open = entries[number].port.hostOpen
            return write(ConsoleMessage(port: id, .portOpen, value: open ? 1 : 0), &chain)
        }
        return nil
    }

    /// A message that there is no room for is lost, as the driver wants it.
    private func write(_ message: ConsoleMessage, _ chain: inout DescriptorChain, _ name: [UInt8] = []) -> Int {
        guard chain.writable.store(message) else { return 0 }
        // unsafe because the name is only read
        let more = unsafe name.withUnsafeBytes { unsafe chain.writable.copy(to: ConsoleMessage.size, from: $0) }
        return ConsoleMessage.size + more
    }
}
