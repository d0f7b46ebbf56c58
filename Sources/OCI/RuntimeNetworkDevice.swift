/// An interface of the host that is moved into the container's network namespace: a member of `linux.netDevices`.
public struct RuntimeNetworkDevice: Sendable, Equatable {
    /// Its name on the host.
    public var hostName: String
    /// Its name in the container; one with `%d` in it gets the first number that is free there.
    public var name: String

    /// Creates it; without a name it keeps that of the host.
    public init(hostName: String, name: String? = nil) {
        self.hostName = hostName
        self.name = name ?? hostName
    }

    /// The members in the order of their names.
    static func list(_ field: JSONField) throws(JSONError) -> [RuntimeNetworkDevice] {
        var devices: [RuntimeNetworkDevice] = []
        for (hostName, member) in try field.members().sorted(by: { $0.key < $1.key }) {
            guard isName(hostName) else { throw member.error("\(hostName) is no name of a network interface") }
            let given = try member.optional("name")
            let name = try given?.string() ?? ""
            let device = RuntimeNetworkDevice(hostName: hostName, name: name.isEmpty ? nil : name)
            if let given, !isName(device.name) || !isTemplate(device.name) {
                throw given.error("\(name) is no name of a network interface")
            }
            if !device.name.contains("%"), devices.contains(where: { $0.name == device.name }) {
                throw member.error("there is another one with the name \(device.name) in the container")
            }
            devices.append(device)
        }
        return devices
    }

    /// What the kernel takes: 1 to 15 bytes without slashes, colons and white space.
    private static func isName(_ text: String) -> Bool {
        let separators = Array("/: \t\n\r\u{0B}\u{0C}\u{00}".utf8)
        return (1...15).contains(text.utf8.count) && text != "." && text != ".."
            && !text.utf8.contains { separators.contains($0) }
    }

    /// Of percent signs there may be one, which begins `%d`.
    private static func isTemplate(_ text: String) -> Bool {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        return parts.count == 1 || parts.count == 2 && parts[1].hasPrefix("d")
    }

    static func json(_ list: [RuntimeNetworkDevice]) -> JSON? {
        guard !list.isEmpty else { return nil }
        var members: [String: JSON] = [:]
        for device in list {
            members[device.hostName] = .members(["name": device.name == device.hostName ? nil : .string(device.name)])
        }
        return .object(members)
    }
}
