internal import OCI

/// QEMU's machine protocol (QMP): one JSON document a line, as far as a supervisor needs it.
struct ControlProtocol {
    /// What QEMU tells.
    enum Event: Equatable {
        /// It listens: the guest runs.
        case greeting
        /// The guest has ended, and how: `guest-shutdown`, `guest-reset`, `host-qmp-quit`, `host-signal`.
        case shutdown(reason: String)
        /// The guest was stopped, because of an error inside of QEMU or KVM.
        case stopped
    }

    /// What must be sent once the greeting has come: it ends the negotiation.
    static let negotiation = Array("{\"execute\":\"qmp_capabilities\"}\n".utf8)
    /// A line that is longer than this is not QEMU's.
    private static let longestLine = 1 << 20

    private var line: [UInt8] = []

    /// Takes what has come and says what it means. Lines that are of no interest, or not understood, are passed over.
    mutating func receive(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let event = ControlProtocol.event(line) { events.append(event) }
                line.removeAll(keepingCapacity: true)
            } else if line.count < ControlProtocol.longestLine {
                line.append(byte)
            }
        }
        return events
    }

    private static func event(_ line: [UInt8]) -> Event? {
        // What is no JSON is not an event: nothing depends on it.
        guard case .object(let members)? = try? JSON(parsing: line) else { return nil }
        if members["QMP"] != nil { return .greeting }
        guard case .string(let name)? = members["event"] else { return nil }
        switch name {
        case "STOP": return .stopped
        case "SHUTDOWN":
            guard case .object(let data)? = members["data"], case .string(let reason)? = data["reason"] else {
                return .shutdown(reason: "")
            }
            return .shutdown(reason: reason)
        default: return nil
        }
    }
}
