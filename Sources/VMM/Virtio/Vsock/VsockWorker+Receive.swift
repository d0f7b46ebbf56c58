/// Packets to the guest.
extension VsockWorker {
    /// Gives the guest packets as long as it has buffers; true if there are more.
    func receive(now: Int64) throws(VirtioError) -> Bool {
        guard session != nil else { return false }
        var left = VsockWorker.batch
        var more = false
        while resets.count > 0 || table.hasQueued {
            if left == 0 {
                more = true
                break
            }
            guard try session?.receiving.next(into: &incoming) == true else {
                if session?.receiving.enableNotifications() == true { continue }
                break
            }
            left -= 1
            guard incoming.writable.bytes > VsockHeader.size else {
                session?.receiving.complete(incoming.head, written: 0)
                counters.dropped()
                continue
            }
            switch fill(now: now) {
            case .written(let count): session?.receiving.complete(incoming.head, written: count)
            case .nothing: session?.receiving.putBack()
            }
        }
        if session?.receiving.publish() == true { session?.interrupt.raise(.queue) }
        return more
    }

    private enum Filled {
        case written(Int)
        case nothing
    }

    /// Fills the buffer in `incoming` with one packet.
    private func fill(now: Int64) -> Filled {
        if let header = resets.popFirst() {
            incoming.writable.store(header)
            return .written(VsockHeader.size)
        }
        while let slot = table.dequeue() {
            switch table[slot]?.turn {
            case .none, .some(.nothing): continue
            case .some(.packet(let operation)):
                guard let header = table[slot]?.header(operation, guestContext: guestContext) else { continue }
                incoming.writable.store(header)
                rouse(slot)
                return .written(VsockHeader.size)
            case .some(.data(let most)): return fill(from: slot, atMost: most, now: now)
            }
        }
        return .nothing
    }

    private func fill(from slot: Int, atMost most: UInt32, now: Int64) -> Filled {
        payload.removeAll()
        payload.append(incoming.writable, from: VsockHeader.size, atMost: Int(most))
        switch links[slot]?.read(into: payload) ?? .end {
        case .bytes(let count):
            let length = UInt32(truncatingIfNeeded: count)
            guard let header = table[slot]?.header(.data, length: length, guestContext: guestContext) else { break }
            counters.received(count)
            incoming.writable.store(header)
            rouse(slot)
            return .written(VsockHeader.size + count)
        case .nothing:
            table[slot]?.isReadable = false
            rouse(slot)
        case .end:
            perform(table[slot]?.readToEnd(now: now) ?? .nothing, slot)
            if table[slot] != nil { rouse(slot) }
        }
        return .nothing
    }
}
