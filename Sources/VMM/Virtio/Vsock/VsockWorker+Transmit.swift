internal import Linux

/// Packets from the guest, and what they do to the host's sockets.
extension VsockWorker {
    /// Takes packets of the guest's; true if there are more.
    func transmit(now: Int64) throws(VirtioError) -> Bool {
        guard session != nil else { return false }
        var more = false
        var left = VsockWorker.batch
        while resets.hasRoom {
            if left == 0 {
                more = true
                break
            }
            guard try session?.transmitting.next(into: &outgoing) == true else {
                if session?.transmitting.enableNotifications() == true { continue }
                break
            }
            left -= 1
            take(now: now)
            session?.transmitting.complete(outgoing.head, written: 0)
        }
        return more
    }

    /// Takes the packet in `outgoing`.
    func take(now: Int64) {
        // A packet that has no header, or is not between this guest and the host, is nobody's.
        guard let header = outgoing.readable.take(VsockHeader.self), header.sourceContext == guestContext,
            header.destinationContext == VsockHeader.hostContext
        else { return counters.dropped() }
        let ports = VsockPorts(guest: header.sourcePort, host: header.destinationPort)
        let carries = header.operation == VsockOperation.data.rawValue
        guard header.type == VsockHeader.stream, !carries || Int(header.length) <= outgoing.readable.bytes else {
            refuse(header, ports)
            return
        }
        guard let slot = table.slot(of: ports), let effect = table[slot]?.receive(header, now: now) else {
            if header.operation == VsockOperation.request.rawValue, connect(header) { return }
            refuse(header, nil)
            return
        }
        if effect == .deliver {
            _ = outgoing.readable.keep(first: Int(header.length))
            deliver(to: slot, now: now)
        } else {
            perform(effect, slot)
        }
        if table[slot] != nil { rouse(slot) }
    }

    /// Answers with RST; the stream that the packet belongs to ends.
    func refuse(_ header: VsockHeader, _ ports: VsockPorts?) {
        counters.dropped()
        if let ports, let slot = table.slot(of: ports) { close(slot) }
        // There is room, or the packet had not been taken.
        if let refusal = header.refusal(guestContext: guestContext) { _ = resets.append(refusal) }
    }

    /// The guest asks for a connection; false if there is nobody at that port.
    func connect(_ header: VsockHeader) -> Bool {
        guard let path, let slot = table.claim(until: 0) else { return false }
        guard let socket = VsockWorker.dial("\(path)_\(header.destinationPort)"),
            attach(socket, slot, isToldOfAcceptance: false)
        else {
            table.release(slot)
            return false
        }
        table.start(VsockStream(accepting: header, room: VsockWorker.room), in: slot)
        rouse(slot)
        return true
    }

    static func dial(_ path: String) -> Descriptor? {
        // Whoever does not listen, or has no room for one more, is not there.
        try? UnixSocket.connect(path, .stream, nonblocking: true)
    }

    func deliver(to slot: Int, now: Int64) {
        counters.sent(outgoing.readable.bytes)
        let passed = links[slot]?.write(outgoing.readable, room: Int(VsockWorker.room)) ?? .nobody
        account(passed, slot, now: now)
    }

    func flush(_ slot: Int, now: Int64) {
        guard links[slot]?.hasBacklog == true, let passed = links[slot]?.flush() else { return }
        if case .lingering = table.use(of: slot) {
            if passed == .nobody || links[slot]?.hasBacklog == false { close(slot) }
        } else {
            account(passed, slot, now: now)
        }
    }

    func account(_ passed: VsockLink.Passed, _ slot: Int, now: Int64) {
        switch passed {
        case .bytes(let count):
            // Never more than the stream's room.
            perform(table[slot]?.forwarded(UInt32(truncatingIfNeeded: count)) ?? .nothing, slot)
        case .nobody:
            links[slot]?.dropBacklog()
            perform(table[slot]?.stopsTaking(now: now) ?? .nothing, slot)
        }
    }

    func perform(_ effect: VsockStream.Effect, _ slot: Int) {
        switch effect {
        case .nothing, .deliver: break
        case .accepted:
            guard let ports = table[slot]?.ports, links[slot]?.isToldOfAcceptance == true else { return }
            if links[slot]?.tellAcceptance(hostPort: ports.host) != true { reset(slot, ports) }
        case .stopReading: links[slot]?.end(reading: true, writing: false)
        case .finishWriting: links[slot]?.end(reading: false, writing: true)
        case .stopReadingAndFinishWriting: links[slot]?.end(reading: true, writing: true)
        case .close: close(slot)
        case .reset: if let ports = table[slot]?.ports { reset(slot, ports) }
        }
    }

    func reset(_ slot: Int, _ ports: VsockPorts) {
        // Where there is no room, the guest learns it by its next packet, which nobody knows any more.
        _ = resets.append(.reset(ports, guestContext: guestContext))
        close(slot)
    }
}
