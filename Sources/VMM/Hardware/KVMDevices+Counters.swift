extension DeviceCounters {
    /// The counts now, by name.
    var byName: [String: UInt64] {
        let counts = snapshot
        return [
            "requests": counts.requests, "bytesIn": counts.bytesIn, "bytesOut": counts.bytesOut,
            "errors": counts.errors,
        ]
    }
}

extension NetDevice {
    /// The counts now, by name.
    var countersByName: [String: UInt64] {
        let counts = counters
        return [
            "packetsIn": counts.packetsReceived, "bytesIn": counts.bytesReceived, "droppedIn": counts.droppedReceived,
            "packetsOut": counts.packetsSent, "bytesOut": counts.bytesSent, "droppedOut": counts.droppedSent,
        ]
    }
}

extension BalloonDevice {
    /// The counts now, by name.
    var countersByName: [String: UInt64] {
        let counts = counters.snapshot
        return [
            "inflated": counts.inflated, "deflated": counts.deflated, "reported": counts.reported,
            "released": counts.released, "errors": counts.errors,
        ]
    }
}
