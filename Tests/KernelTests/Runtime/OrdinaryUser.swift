import Linux
import OCI
import TestKit
import Testing

/// A user without privileges, whom nobody on this host knows: the files that say who it is are put over the host's in a
/// mount namespace of the test's own, in which everything that it runs is run.
struct OrdinaryUser {
    /// Whom a container of the user's has.
    enum Users: String, CaseIterable, CustomTestStringConvertible {
        /// The user itself as the superuser, and nobody else: no program with privileges is needed.
        case itself
        /// More, out of /etc/subuid and /etc/subgid, with newuidmap(1) and newgidmap(1).
        case range

        var testDescription: String { rawValue }
    }

    /// Its number, and that of its group.
    static let number: UInt32 = 4242
    /// The first of the numbers that /etc/subuid and /etc/subgid give to it.
    static let first: UInt32 = 700_000
    /// How many these are.
    static let count: UInt32 = 65536

    /// XDG_RUNTIME_DIR, where systemd gives the user one.
    static let systemdSession = "/run/user/\(number)"

    let resources: TestResources
    let runtime: String
    /// XDG_RUNTIME_DIR.
    var sessionDirectory: String

    /// - Parameter isGivenNumbers: whether /etc/subuid and /etc/subgid have the user.
    init(_ bundle: RuntimeBundle, isGivenNumbers: Bool = true) throws {
        resources = bundle.resources
        runtime = "\(resources.directory)/runtime"
        sessionDirectory = "\(resources.directory)/session"
        // Where the user can reach it.
        try Command.copy(bundle.runtime, to: runtime)
        try Files.makeDirectory(sessionDirectory)
        let line = isGivenNumbers ? "tester:\(OrdinaryUser.first):\(OrdinaryUser.count)\n" : ""
        for name in ["subuid", "subgid"] { try Files.write("\(resources.directory)/\(name)", Array(line.utf8)) }
        let names = "root:x:0:0::/:/bin/sh\ntester:x:\(OrdinaryUser.number):\(OrdinaryUser.number)::/:/bin/sh\n"
        try Files.write("\(resources.directory)/passwd", Array(names.utf8))
        try own(sessionDirectory)
        try own(bundle.directory)
    }

    /// Makes the user the owner of a tree.
    func own(_ path: String) throws {
        let owner = "\(OrdinaryUser.number):\(OrdinaryUser.number)"
        let result = try Command.run("/bin/chown", ["-hR", owner, path], in: resources)
        try #require(result.code == 0, "\(result.error)")
    }

    /// Runs bulkhead-runtime as the user. The states are in the session's directory unless `words` say otherwise.
    func command(_ words: [String], input: String = "", hasSession: Bool = true) throws -> CommandResult {
        try run([runtime] + words, input: input, hasSession: hasSession)
    }

    /// Runs any program as the user.
    func run(_ words: [String], input: String = "", hasSession: Bool = true) throws -> CommandResult {
        let mounts = ["passwd", "subuid", "subgid"].map {
            "mount --bind \(resources.directory)/\($0) /etc/\($0) || exit 99"
        }
        let number = "\(OrdinaryUser.number)"
        let drop = ["setpriv", "--reuid", number, "--regid", number, "--clear-groups"]
        let session = ["/usr/bin/env"] + (hasSession ? ["XDG_RUNTIME_DIR=\(sessionDirectory)"] : [])
        let script = mounts.joined(separator: "\n") + "\nexec \((drop + session).joined(separator: " ")) \"$@\""
        return try Command.run(
            "/usr/bin/unshare", ["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"] + words,
            input: input, in: resources)
    }

    /// Gives the bundle a user namespace for an ordinary user, and its files to that user.
    func adapt(_ bundle: inout RuntimeBundle, _ users: Users) {
        bundle.specification.linux.namespaces.append(.init(.user))
        var map = [RuntimeMapping(inside: 0, outside: OrdinaryUser.number, count: 1)]
        if users == .range { map.append(.init(inside: 1, outside: OrdinaryUser.first, count: OrdinaryUser.count)) }
        bundle.specification.linux.userMappings = map
        bundle.specification.linux.groupMappings = map
        guard users == .itself else { return }
        for index in bundle.specification.mounts.indices {
            bundle.specification.mounts[index].options.removeAll { $0 == "gid=5" }
        }
    }

    /// `run`: the container from its beginning to its end.
    func run(_ bundle: RuntimeBundle, options: [String] = []) throws -> CommandResult {
        try bundle.write()
        return try command(options + ["run", "-b", bundle.directory, bundle.id])
    }

    /// `run --detach`, `body`, `delete --force`.
    func whileRunning(_ bundle: RuntimeBundle, options: [String] = [], _ body: () throws -> Void) throws {
        try bundle.write()
        let started = try command(options + ["run", "--detach", "-b", bundle.directory, bundle.id])
        try #require(started.code == 0, "\(started.error)")
        defer { #expect(throws: Never.self) { try command(["delete", "--force", bundle.id]) } }
        try body()
    }

    /// Fails where a state is left.
    func expectNothing() throws {
        let states = "\(sessionDirectory)/bulkhead-runtime"
        if Files.exists(states) { #expect(try Files.entries(of: states).filter { !$0.hasPrefix(".") } == []) }
    }
}

/// Runs a test with a bundle of an ordinary user's, and fails it if anything of the container is left.
func withOrdinaryUser(
    _ users: OrdinaryUser.Users, _ arguments: [String], isGivenNumbers: Bool = true,
    _ body: (OrdinaryUser, inout RuntimeBundle) throws -> Void
) throws {
    try withBundle(arguments) { bundle throws in
        let user = try OrdinaryUser(bundle, isGivenNumbers: isGivenNumbers)
        user.adapt(&bundle, users)
        try body(user, &bundle)
        try user.expectNothing()
    }
}
