internal import Linux

/// A container's resolv.conf.
public enum ResolverFile {
    /// What is asked for instead of the host's settings; an empty list leaves the host's.
    public struct Settings: Sendable, Equatable {
        /// Name servers' addresses.
        public var nameServers: [String] = []
        /// Domains that are searched; a single `.` means none.
        public var searchDomains: [String] = []
        /// Options, `ndots:2`.
        public var options: [String] = []

        /// The host's settings.
        public init(nameServers: [String] = [], searchDomains: [String] = [], options: [String] = []) {
            self.nameServers = nameServers
            self.searchDomains = searchDomains
            self.options = options
        }
    }

    /// The text, made from the host's: servers on the host's own loopback can't be reached from a container and are
    /// left out, and without any other server Google's are named, as Docker does.
    ///
    /// - Parameters:
    ///   - host: The host's file.
    ///   - sharesHostNetwork: Whether the container is in the host's network, where loopback servers can be reached.
    ///   - settings: What was asked for.
    public static func contents(host: String, sharesHostNetwork: Bool = false, settings: Settings = Settings())
        -> String
    {
        var servers: [String] = []
        var search: [String] = []
        var options: [String] = []
        for line in host.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard let keyword = words.first, words.count > 1 else { continue }
            switch keyword {
            case "nameserver": servers.append(words[1])
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: break
            }
        }
        if settings.nameServers.isEmpty {
            if !sharesHostNetwork {
                servers.removeAll { isLoopback($0) || $0.contains(":") }
                if servers.isEmpty { servers = ["8.8.8.8", "8.8.4.4"] }
            }
        } else {
            servers = settings.nameServers
        }
        if !settings.searchDomains.isEmpty { search = settings.searchDomains == ["."] ? [] : settings.searchDomains }
        if !settings.options.isEmpty { options = settings.options }
        var text = servers.map { "nameserver \($0)\n" }.joined()
        if !search.isEmpty { text += "search \(search.joined(separator: " "))\n" }
        if !options.isEmpty { text += "options \(options.joined(separator: " "))\n" }
        return text
    }

    private static func isLoopback(_ server: String) -> Bool {
        IPv4Address(server)?.isLoopback ?? (server == "::1")
    }
}
