internal import Linux
internal import OCI

/// Interfaces of the host that a container has been given (`linux.netDevices`), until its program is executed: up to
/// then a failure brings them back. Afterwards they are the namespace's (config-linux.md, "Namespace Lifecycle and
/// Container Termination").
struct NetworkDevices: ~Copyable {
    private let host: Descriptor
    private var hostSocket: NetlinkSocket
    private var containerSocket: NetlinkSocket
    private var moved: [MovedLink] = []

    /// Moves them all, or none.
    ///
    /// - Parameter path: the container's network namespace.
    static func moving(_ devices: [RuntimeNetworkDevice], to path: String) throws(RuntimeError) -> NetworkDevices {
        let reaching = "linux.netDevices: reach the container's network namespace"
        let container = try step(reaching) { () throws(SystemError) in try Descriptor.open(path) }
        var result = NetworkDevices(
            host: try step(reaching) { () throws(SystemError) in try Descriptor.open("/proc/thread-self/ns/net") },
            hostSocket: try step(reaching) { () throws(SystemError) in try NetlinkSocket() },
            containerSocket: try step(reaching) { () throws(SystemError) in
                try NetlinkSocket.inNamespace(container)
            })
        guard try areApart(result.host, container) else {
            throw .invalid(
                "linux.netDevices: the container's network namespace is the host's own: nothing can be moved")
        }
        for device in devices {
            do throws(SystemError) { try result.move(device, to: container) } catch {
                let reason = RuntimeError("linux.netDevices.\(device.hostName)", error)
                throw result.bringBack(because: reason)
            }
        }
        return result
    }

    private mutating func move(
        _ device: RuntimeNetworkDevice, to container: borrowing Descriptor
    ) throws(SystemError) {
        moved.append(
            try hostSocket.move(device.hostName, as: device.name, to: container, &containerSocket, home: host))
    }

    private static func areApart(
        _ first: borrowing Descriptor, _ second: borrowing Descriptor
    ) throws(RuntimeError) -> Bool {
        try step("linux.netDevices: compare the network namespaces") { () throws(SystemError) in
            let (own, other) = (try FileStatus(of: first.rawValue), try FileStatus(of: second.rawValue))
            return own.device != other.device || own.inode != other.inode
        }
    }

    /// Brings back what has been moved; tells of what can't be brought back.
    consuming func bringBack() -> RuntimeError? {
        var lost: [String] = []
        for link in moved.reversed() {
            do { try hostSocket.bringBack(link, from: &containerSocket, home: host) } catch {
                lost.append("linux.netDevices.\(link.name): could not be brought back: \(error)")
            }
        }
        return lost.isEmpty ? nil : .failed(lost.joined(separator: "; "))
    }

    /// The same after a failure: its error, and with it what can't be brought back.
    consuming func bringBack(because reason: RuntimeError) -> RuntimeError {
        bringBack().map { .failed("\(reason); \($0)") } ?? reason
    }
}
