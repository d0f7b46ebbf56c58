import Engine
import NIOHTTP1

/// Ports as the API writes them: `80/tcp`, `8000-8010`.
enum PortText {
    /// `80/tcp`, `80`, `8000-8010/udp`.
    static func ports(_ text: String) throws(APIError) -> [ContainerPort] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = parts.count > 1 ? parts[1].lowercased() : "tcp"
        guard let transport = ContainerPort.Transport(rawValue: transport) else {
            throw APIError(.badRequest, "invalid proto: \(transport)")
        }
        guard let range = range(parts[0]), range.lowerBound > 0 else {
            throw APIError(.badRequest, "invalid containerPort: \(text)")
        }
        return range.map { ContainerPort(number: $0, transport: transport) }
    }

    /// `8080`, `8000-8010`.
    static func range(_ text: Substring) -> ClosedRange<UInt16>? {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = UInt16(ends[0]) else { return nil }
        guard ends.count > 1 else { return first...first }
        guard let last = UInt16(ends[1]), last >= first else { return nil }
        return first...last
    }
}

extension ContainerPort {
    /// `80/tcp`.
    var text: String { "\(number)/\(transport.rawValue)" }
}
