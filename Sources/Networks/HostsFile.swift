public import Linux

/// A container's /etc/hosts.
public enum HostsFile {
    /// The text: the names of the loopback addresses, what was asked for, and the container's own names.
    ///
    /// - Parameters:
    ///   - address: The container's address, nil without a network.
    ///   - names: Its host name, and that with the domain name.
    ///   - extraHosts: `name:address` or `name=address` as given; the address `host-gateway` is the bridge's.
    ///   - gateway: The bridge's address.
    public static func contents(
        address: IPv4Address?, names: [String], extraHosts: [String] = [], gateway: IPv4Address? = nil
    ) throws(NetworkError) -> String {
        var text = """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::\tip6-localnet
            ff00::\tip6-mcastprefix
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters

            """
        for extra in extraHosts { text += try line(extra, gateway) }
        if let address, !names.isEmpty { text += "\(address)\t\(names.joined(separator: " "))\n" }
        return text
    }

    private static func line(_ extra: String, _ gateway: IPv4Address?) throws(NetworkError) -> String {
        guard let separator = extra.firstIndex(where: { $0 == ":" || $0 == "=" }),
            separator != extra.startIndex, extra.index(after: separator) != extra.endIndex,
            !extra.contains(where: \.isWhitespace)
        else { throw NetworkError(.invalid, "bad format for add-host: \"\(extra)\"") }
        let name = extra[..<separator]
        var address = String(extra[extra.index(after: separator)...])
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        if address == "host-gateway" {
            guard let gateway else {
                throw NetworkError(.invalid, "add-host: \"\(extra)\": this network has no gateway")
            }
            address = gateway.description
        } else if IPv4Address(address) == nil && !address.contains(":") {
            throw NetworkError(.invalid, "invalid IP address in add-host: \"\(address)\"")
        }
        return "\(address)\t\(name)\n"
    }
}
