internal import Linux

/// Connections that the host asks for, and the end of those that nobody answers.
extension VsockWorker {
    func acceptClients(now: Int64) {
        hasClients = false
        do throws(SystemError) {
            while let socket = try nextClient() {
                // Beyond the limit a client sees the end at once.
                guard let slot = table.claim(until: now &+ VsockWorker.greetingPatience) else { continue }
                _ = attach(socket, slot, isToldOfAcceptance: true)
                nextExpiry = min(nextExpiry, now &+ VsockWorker.greetingPatience)
            }
        } catch {
            // Too many open files, perhaps: the rest of the clients wait for a better time.
            Console.print("vsock: a client of the host's: \(error)")
            hasClients = true
            nextExpiry = min(nextExpiry, now &+ VsockWorker.pause)
        }
    }

    func nextClient() throws(SystemError) -> Descriptor? {
        switch listener {
        case .some(let listener): try UnixSocket.accept(listener)
        case .none: nil
        }
    }

    func adoptWaiting(now: Int64) {
        guard !adopted.isEmpty else { return }
        for (socket, port) in adopted {
            let socket = Descriptor(adopting: socket)
            guard let slot = table.claim(until: now) else { continue }
            if attach(socket, slot, isToldOfAcceptance: false) { ask(slot, port: port, now: now) }
        }
        adopted = []
    }

    /// Puts a socket into a claimed slot and watches it; false, and the slot free again, if the kernel refuses.
    func attach(_ socket: consuming Descriptor, _ slot: Int, isToldOfAcceptance: Bool) -> Bool {
        do throws(SystemError) {
            let link = try VsockLink(socket, isToldOfAcceptance: isToldOfAcceptance)
            try events.add(link.number, [.readable, .writable], tag: table.tag(of: slot))
            links[slot] = consume link
            counters.opened()
            return true
        } catch {
            Console.print("vsock: \(error)")
            table.release(slot)
            return false
        }
    }

    func greet(_ slot: Int, now: Int64) {
        switch links[slot]?.takeGreeting() {
        case .some(.complete(let port, _)): ask(slot, port: port, now: now)
        case .some(.incomplete): break
        case .some(.malformed), .none: close(slot)
        }
    }

    func ask(_ slot: Int, port: UInt32, now: Int64) {
        let ports = table.chooseHostPort(for: port)
        var stream = VsockStream(asking: ports, room: VsockWorker.room, now: now)
        // What came behind the line is not told again.
        stream.isReadable = true
        table.start(stream, in: slot)
        rouse(slot)
    }

    /// Ends what has waited for too long.
    func expire(now: Int64) {
        // A client that could not be accepted, and a refusal that had no room, are tried again soon.
        var next = hasClients && session != nil ? now &+ VsockWorker.pause : .max
        for slot in 0..<VsockTable.capacity {
            guard let deadline = table.deadline(of: slot) else { continue }
            if deadline > now {
                next = min(next, deadline)
            } else if let stream = table[slot] {
                guard resets.append(.reset(stream.ports, guestContext: guestContext)) else {
                    next = min(next, now &+ VsockWorker.pause)
                    continue
                }
                if links[slot]?.hasBacklog == true { table.linger(slot) } else { close(slot) }
            } else {
                close(slot)
            }
        }
        nextExpiry = next
    }

    func close(_ slot: Int) {
        guard table.use(of: slot) != .free else { return }
        table.release(slot)
        // The last descriptor of its socket: it leaves the watched set by itself.
        if links[slot].take() != nil { counters.closed() }
    }
}
