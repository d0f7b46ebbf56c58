internal import DockerModels

/// `--publish [[address:]host[-range]:]container[-range][/protocol]`.
struct PublishedPort: Equatable {
    let address: String
    /// A port, a range, or empty for any free one.
    let hostPort: String
    /// `80/tcp`
    let containerPort: String

    /// Reads one option; ranges give one port for each number.
    static func parse(_ text: String) throws(CommandError) -> [PublishedPort] {
        let (ports, transport) = try PublishedPort.transport(of: text)
        var parts = ports.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let container = parts.popLast(), !container.isEmpty else { throw invalid(text, "no container port") }
        let host = parts.popLast() ?? ""
        var address = parts.joined(separator: ":")
        if address.hasPrefix("[") && address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard let inside = range(container) else { throw invalid(text, "invalid container port \(container)") }
        guard host.isEmpty || range(host) != nil else { throw invalid(text, "invalid host port \(host)") }
        let outside = range(host)
        if inside.count > 1, let outside, outside.count != inside.count {
            throw invalid(text, "the ranges have different lengths")
        }
        return inside.enumerated().map { offset, port in
            let hostPort: String
            if let outside, inside.count > 1 {
                hostPort = String(outside.lowerBound + offset)
            } else {
                hostPort = host
            }
            return PublishedPort(address: address, hostPort: hostPort, containerPort: "\(port)/\(transport)")
        }
    }

    /// Reads `--expose 80`, `80/udp`, `8000-8010`.
    static func parse(exposed text: String) throws(CommandError) -> [String] {
        let (ports, transport) = try transport(of: text)
        guard let range = range(String(ports)) else { throw invalid(text, "invalid port") }
        return range.map { "\($0)/\(transport)" }
    }

    private static func transport(of text: String) throws(CommandError) -> (ports: Substring, transport: String) {
        guard let slash = text.lastIndex(of: "/") else { return (text[...], "tcp") }
        let transport = text[text.index(after: slash)...].lowercased()
        guard ["tcp", "udp", "sctp"].contains(transport) else { throw invalid(text, "invalid protocol \(transport)") }
        return (text[..<slash], transport)
    }

    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
            first <= last, (0...65535).contains(first), last <= 65535
        else { return nil }
        return first...last
    }

    private static func invalid(_ text: String, _ reason: String) -> CommandError {
        .usage("invalid port \"\(text)\": \(reason); expected [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]")
    }
}
