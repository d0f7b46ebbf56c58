import OCI

/// Changes valid configurations, by a number: the same number makes the same change.
///
/// Nothing that it makes may hurt the machine that the tests run on. Files are those of a `SmallWorld`; what is this
/// machine's even there stays as it is: the path of the control group, and no mount's option is `remount`, for file
/// systems of the kernel's (sysfs, cgroup2) have one state for all who mount them.
struct ConfigurationMutation {
    /// Strings that have one of these in them are not changed.
    let owned: [String]

    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private static let untouched: Set<String> = ["cgroupsPath"]

    private static let options = [
        "ro", "rw", "rro", "nosuid", "noexec", "rnoexec", "nodev", "bind", "rbind", "private", "rprivate", "slave",
        "shared", "rshared", "unbindable", "noatime", "strictatime", "relatime", "nosymfollow", "tmpcopyup", "idmap",
        "ridmap", "sync", "dirsync", "lazytime", "defaults", "mode=000", "mode=x", "size=0", "size=4k", "nr_inodes=1",
        "newinstance", "nonsense", "=", ",", "x=\u{1}",
    ]

    private static let values: [JSON] = [
        .null, true, false, 0, 1, -1, .integer(.min), .integer(.max), .unsigned(.max), 4096, .double(0.5), "", "/", "x",
        "/proc", "/proc/self/fd/3", "/dev/null", "..", "\u{0}", "CAP_SYS_ADMIN", "RLIMIT_NPROC", "SCMP_ACT_KILL",
        "net.",
        .string(String(repeating: "long/", count: 2000)), [], .array([.null]), .object([:]), .array(["x", "x"]),
        .object(["type": "time"]), .array([.object(["destination": "/proc/sys", "type": "tmpfs"])]),
    ]

    /// The text of a changed document.
    func mutated(_ document: JSON, seed: UInt64) -> [UInt8] {
        var random = Generator(state: seed)
        var changed = document
        for _ in 0..<Int.random(in: 1...3, using: &random) { changed = mutate(changed, &random, depth: 0) }
        var bytes = changed.encoded
        // A few of them are no document any more.
        guard Int.random(in: 0..<8, using: &random) == 0 else { return bytes }
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            // Never a slash or a dot: a path that stays within the bundle has to stay there.
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = [0x22, 0x2C, 0x3A, 0x5B, 0x7D, 0xFF, 0x00, 0x39].randomElement(using: &random) ?? 0
            case 1: bytes.removeLast(min(bytes.count, Int.random(in: 1...40, using: &random)))
            default: bytes.insert(0x5C, at: place)
            }
        }
        return bytes
    }

    private func mutate(_ json: JSON, _ random: inout Generator, depth: Int) -> JSON {
        // The deeper, the likelier that it is this value that changes.
        if depth > 0 && Int.random(in: 0..<6, using: &random) < depth { return replacement(of: json, &random) }
        switch json {
        case .object(var members):
            guard let name = members.keys.sorted().randomElement(using: &random) else { return json }
            if Self.untouched.contains(name) { return json }
            if name == "options" {
                members[name] = options(members[name], &random)
                return .object(members)
            }
            switch Int.random(in: 0..<12, using: &random) {
            case 0: members[name] = nil
            case 1: members["unknown"] = members[name]
            default: members[name] = members[name].map { mutate($0, &random, depth: depth + 1) }
            }
            return .object(members)
        case .array(var elements):
            guard !elements.isEmpty else { return .array([Self.values.randomElement(using: &random) ?? .null]) }
            let place = Int.random(in: 0..<elements.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: elements.remove(at: place)
            case 1: elements.append(elements[place])
            case 2: elements.shuffle(using: &random)
            default: elements[place] = mutate(elements[place], &random, depth: depth + 1)
            }
            return .array(elements)
        default: return replacement(of: json, &random)
        }
    }

    private func replacement(of json: JSON, _ random: inout Generator) -> JSON {
        switch json {
        case .string(let text) where owned.contains { text.contains($0) }: return json
        case .integer(let number) where Bool.random(using: &random):
            return .integer(number &+ Int64.random(in: -5...5, using: &random))
        case .string(let text) where Bool.random(using: &random): return .string(text + text)
        // Whole lists and objects keep their kind more often than not: else there is nothing left to be tried in them.
        case .object, .array: return Int.random(in: 0..<3, using: &random) == 0 ? value(&random) : json
        default: return value(&random)
        }
    }

    /// Other options of a mount, out of those that there are.
    private func options(_ json: JSON?, _ random: inout Generator) -> JSON {
        guard case .array(var elements)? = json, Int.random(in: 0..<8, using: &random) > 0 else {
            return [.null, "ro", 5, .object([:]), [5], []].randomElement(using: &random) ?? .null
        }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let option = JSON.string(Self.options.randomElement(using: &random) ?? "")
            let place = elements.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<3, using: &random), place) {
            case (0, let place?): elements.remove(at: place)
            case (1, let place?): elements[place] = option
            default: elements.append(option)
            }
        }
        return .array(elements)
    }

    private func value(_ random: inout Generator) -> JSON { Self.values.randomElement(using: &random) ?? .null }
}
