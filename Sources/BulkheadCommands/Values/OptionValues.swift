internal import DockerModels
internal import Linux

/// Values of the options in `MountOptions`.
enum MountValues {
    /// `--volume` options with a source, relative ones made absolute, and those that are only a target.
    static func split(_ volumes: [String], directory: String) -> (binds: [String], anonymous: [String]) {
        var binds: [String] = []
        var anonymous: [String] = []
        for volume in volumes {
            guard let colon = volume.firstIndex(of: ":") else {
                anonymous.append(volume)
                continue
            }
            let source = volume[..<colon]
            if source == "." || source == ".." || source.hasPrefix("./") || source.hasPrefix("../") {
                binds.append(absolute(source, from: directory) + volume[colon...])
            } else {
                binds.append(volume)
            }
        }
        return (binds, anonymous)
    }

    private static func absolute(_ path: Substring, from directory: String) -> String {
        var parts = directory.split(separator: "/")
        for part in path.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// `--tmpfs` options: target to options.
    static func tmpfs(_ texts: [String]) -> [String: String] {
        var result: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: ":", maxSplits: 1)
            result[String(parts.first ?? "")] = parts.count > 1 ? String(parts[1]) : ""
        }
        return result
    }
}

/// Values of the options in `ResourceOptions`.
enum ResourceValues {
    /// `1.5` in units of 10⁻⁹.
    static func nanoProcessors(_ text: String?) throws(CommandError) -> Int64 {
        guard let text else { return 0 }
        guard let number = Double(text), number >= 0, number < 1_000_000 else {
            throw .usage("invalid number of processors \"\(text)\" for --cpus: expected a number such as 1.5")
        }
        return Int64((number * 1_000_000_000).rounded())
    }

    /// `nofile=1024:2048`; one number is both.
    static func ulimit(_ text: String) throws(CommandError) -> UlimitConfig {
        let (name, value) = KeyValue.parse(text)
        let limits = value.split(separator: ":", omittingEmptySubsequences: false).map { limit($0) }
        guard !name.isEmpty, (1...2).contains(limits.count), let soft = limits[0],
            let hard = limits[limits.count - 1], hard == -1 || (soft != -1 && soft <= hard)
        else { throw .usage("invalid ulimit \"\(text)\": expected NAME=SOFT[:HARD] with SOFT not above HARD") }
        return UlimitConfig(name: name, soft: soft, hard: hard)
    }

    private static func limit(_ text: Substring) -> Int64? {
        text == "unlimited" ? -1 : Int64(text).flatMap { $0 >= -1 ? $0 : nil }
    }
}

/// Values of the options in `SecurityOptions`.
enum SecurityValues {
    /// As Docker's command sends them: `CAP_NET_ADMIN`, or `ALL`.
    static func capabilities(_ names: [String]) -> [String]? {
        names.isEmpty
            ? nil
            : names.map { name in
                let upper = name.uppercased()
                return upper == "ALL" || upper.hasPrefix("CAP_") ? upper : "CAP_" + upper
            }
    }

    /// A seccomp profile in a file is sent as its content.
    static func options(_ texts: [String]) throws(CommandError) -> [String]? {
        var options: [String] = []
        for text in texts {
            let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "=" || $0 == ":" }
            guard parts.count == 2, parts[0] == "seccomp", !["unconfined", "builtin"].contains(parts[1]) else {
                options.append(text)
                continue
            }
            let path = String(parts[1])
            do { options.append("seccomp=" + (try Files.readText(path))) } catch {
                throw .file(operation: "read the seccomp profile", path: path, reason: error.reason)
            }
        }
        return options.isEmpty ? nil : options
    }

    /// `/dev/a[:/dev/b][:rwm]`
    static func device(_ text: String) throws(CommandError) -> DeviceConfig {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        func arePermissions(_ text: String) -> Bool { !text.isEmpty && text.allSatisfy { "rwm".contains($0) } }
        let host = parts[0]
        guard !host.isEmpty, parts.count <= 3 else { throw invalid(text) }
        var inside = host
        var permissions = "rwm"
        if parts.count == 2 {
            if arePermissions(parts[1]) { permissions = parts[1] } else { inside = parts[1] }
        } else if parts.count == 3 {
            (inside, permissions) = (parts[1], parts[2])
        }
        guard !inside.isEmpty, arePermissions(permissions) else { throw invalid(text) }
        return DeviceConfig(pathOnHost: host, pathInContainer: inside, cgroupPermissions: permissions)
    }

    private static func invalid(_ text: String) -> CommandError {
        .usage("invalid device \"\(text)\": expected HOST[:CONTAINER[:rwm]]")
    }
}
