import Linux

/// The control groups of an executed process, below the container's: `--cgroup [CONTROLLER[,CONTROLLER…]:]PATH`, which
/// may be there several times with controllers.
struct ExecGroup {
    private var everywhere: String?
    private var single: [String: String] = [:]

    /// Takes one more.
    mutating func add(_ text: String) throws(CommandError) {
        guard let colon = text.firstIndex(of: ":") else {
            guard everywhere == nil, single.isEmpty else {
                throw .usage("--cgroup \(text): one of several must begin with CONTROLLER:")
            }
            everywhere = try ExecGroup.path(text[...], of: text)
            return
        }
        guard everywhere == nil else {
            throw .usage("--cgroup \(text): there is a path for all controllers already")
        }
        let path = try ExecGroup.path(text[text.index(after: colon)...], of: text)
        for name in text[..<colon].split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard !name.isEmpty else { throw .usage("--cgroup \(text): the controller's name is missing") }
            guard single.updateValue(path, forKey: name) == nil else {
                throw .usage("--cgroup \(text): there is a path for \(name) already")
            }
        }
    }

    private static func path(_ text: Substring, of option: String) throws(CommandError) -> String {
        let parts = text.split(separator: "/").filter { $0 != "." }
        guard !parts.contains("..") else { throw .usage("--cgroup \(option): leads out of the container's group") }
        return parts.joined(separator: "/")
    }

    /// Where in a container's group that is.
    func place(in group: Cgroup) throws(CommandError) -> Cgroup {
        if everywhere == nil && single.isEmpty { return group }
        guard !group.path.isEmpty else {
            throw .usage("--cgroup: the container has no control group, for its maker had no right to make one")
        }
        do {
            if !single.isEmpty { return try group.below(single.filter { !$0.value.isEmpty }) }
            guard let everywhere, !everywhere.isEmpty else { return group }
            return try group.below(everywhere)
        } catch {
            throw .usage("--cgroup: \(error)")
        }
    }
}
