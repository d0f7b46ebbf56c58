/// Packets to the guest.
extension VsockWorker {
    /// Gives the guest packets as long as it has buffers; true if there are more.
    func receive(now: Int64) throws(VirtioError) -> Bool {
        guard session != nil else { return false }
        var left = VsockWorker.batch
        var more = false
        while resets.count > 0 || table.hasQueued {
            if left <= 0 {
                more = true
                break
            }
            guard try session?.receiving.next(into: &incoming) == true else {
                if session?.receiving.enableNotifications() == true { continue }
                break
            }
            guard incoming.writable.bytes > VsockHeader.size else {
                session?.receiving.complete(incoming.head, written: 0)
                counters.dropped()
                left -= 1
                continue
            }
            switch try fill(now: now) {
            case .written(let count):
                session?.receiving.complete(incoming.head, written: count)
                left -= 1
            case .packets(let count): left -= count
            case .nothing: session?.receiving.putBack()
            }
        }
        return more
    }

    private enum Filled {
        /// The buffer, with so many bytes.
        case written(Int)
        /// It and others behind it, which have been completed: so many packets.
        case packets(Int)
        case nothing
    }

    /// Fills the buffer in `incoming` with one packet, and those behind it with what the same stream has besides.
    private func fill(now: Int64) throws(VirtioError) -> Filled {
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
            case .some(.data(let most)): return try fill(from: slot, atMost: most, now: now)
            }
        }
        return .nothing
    }

    private func fill(from slot: Int, atMost most: UInt32, now: Int64) throws(VirtioError) -> Filled {
        try gather(links[slot]?.appetite ?? 1, atMost: Int(most))
        switch links[slot]?.read(into: buffers.payload) ?? .end {
        case .bytes(let count):
            let packets = finish(count, from: slot)
            links[slot]?.adjustAppetite(offered: buffers.count, used: packets, isFull: count == buffers.payload.bytes)
            session?.receiving.putBack(UInt16(truncatingIfNeeded: buffers.count - packets))
            rouse(slot)
            return .packets(packets)
        case .nothing:
            table[slot]?.isReadable = false
            rouse(slot)
        case .end:
            perform(table[slot]?.readToEnd(now: now) ?? .nothing, slot)
            if table[slot] != nil { rouse(slot) }
        }
        // The first one is put back by the caller.
        session?.receiving.putBack(UInt16(truncatingIfNeeded: buffers.count - 1))
        return .nothing
    }

    /// Takes buffers behind that in `incoming`, so many with it or what there are, for so many bytes.
    private func gather(_ number: Int, atMost most: Int) throws(VirtioError) {
        buffers.removeAll()
        _ = buffers.append(head: incoming.head, incoming.writable, atMost: most)
        while buffers.count < number, buffers.payload.bytes < most,
            try session?.receiving.next(into: &incoming) == true
        {
            // One that is too small has its own turn, as the first.
            guard incoming.writable.bytes > VsockHeader.size,
                buffers.append(head: incoming.head, incoming.writable, atMost: most - buffers.payload.bytes)
            else {
                session?.receiving.putBack()
                break
            }
        }
    }

    /// Makes packets of what has been read into the gathered buffers; their number.
    private func finish(_ count: Int, from slot: Int) -> Int {
        var (packets, left) = (0, count)
        while left > 0, packets < buffers.count {
            let number = min(left, buffers.room(packets))
            let length = UInt32(truncatingIfNeeded: number)
            guard let header = table[slot]?.header(.data, length: length, guestContext: guestContext) else { break }
            buffers.store(header, in: packets)
            session?.receiving.complete(buffers.head(packets), written: VsockHeader.size + number)
            counters.received(number)
            left -= number
            packets += 1
        }
        return packets
    }
}
