internal import Glibc

/// A scope unit of systemd, in whose control group a container runs.
public struct SystemdScope: Sendable, Equatable {
    /// The unit's name, `bulkhead-web.scope`.
    public let name: String
    /// Whether it belongs to the manager of a user instead of the system's.
    public let isOfUser: Bool

    /// Names a unit.
    public init(name: String, isOfUser: Bool) {
        self.name = name
        self.isOfUser = isOfUser
    }

    /// Whether systemd is this host's init system.
    public static var isPossible: Bool { SystemBus.runsSystemd }

    /// Starts it around a process and waits until it is there; tells the path of its control group.
    public func start(
        process: Int32, slice: String, description: String, limits: CgroupLimits, unified: Bool
    ) throws(SystemError) -> String {
        var properties: [(String, BusValue)] = [
            ("Description", .string(description)), ("Slice", .string(slice)), ("Delegate", .bool(true)),
            ("PIDs", .array(of: "u", [.unsigned32(UInt32(bitPattern: process))])), ("MemoryAccounting", .bool(true)),
            ("CPUAccounting", .bool(true)), (unified ? "IOAccounting" : "BlockIOAccounting", .bool(true)),
            ("TasksAccounting", .bool(true)), ("DefaultDependencies", .bool(false)),
        ]
        properties += limits.systemdProperties(unified: unified) + SystemdScope.deviceProperties(limits.devices)
        var bus = try SystemBus.connect(ofUser: isOfUser)
        let body: [BusValue] = [
            .string(name), .string("replace"), SystemdScope.list(properties), .array(of: "(sa(sv))", []),
        ]
        var outcome = try bus.callManager("StartTransientUnit", body)
        if case .refused("org.freedesktop.systemd1.UnitExists", _) = outcome {
            // One that has failed stays until somebody has seen it.
            _ = try bus.callManager("ResetFailedUnit", [.string(name)])
            outcome = try bus.callManager("StartTransientUnit", body)
        }
        try finish(&bus, outcome, "start")
        return try SystemdScope.path(of: process)
    }

    /// Tells systemd of changed limits, which it would otherwise put back one day.
    func set(_ limits: CgroupLimits, unified: Bool) throws(SystemError) {
        let properties = limits.systemdProperties(unified: unified)
        guard !properties.isEmpty else { return }
        var bus = try SystemBus.connect(ofUser: isOfUser)
        let outcome = try bus.callManager(
            "SetUnitProperties", [.string(name), .bool(true), SystemdScope.list(properties)])
        if case .refused(_, let text) = outcome { throw refusal("set the properties of", text) }
    }

    /// Stops it and waits until it is gone; nothing happens if it has gone already, as it does with its last process.
    public func stop() throws(SystemError) {
        var bus = try SystemBus.connect(ofUser: isOfUser)
        let outcome = try bus.callManager("StopUnit", [.string(name), .string("replace")])
        if case .refused("org.freedesktop.systemd1.NoSuchUnit", _) = outcome { return }
        try finish(&bus, outcome, "stop")
        // Most never fail, which is then the answer.
        _ = try bus.callManager("ResetFailedUnit", [.string(name)])
    }

    /// Moves a process into its control group, which takes rights that only systemd may have: an ordinary user's manager
    /// has the system's do it, if the process is the user's.
    func attach(_ process: Int32) throws(SystemError) {
        var bus = try SystemBus.connect(ofUser: isOfUser)
        let processes = BusValue.array(of: "u", [.unsigned32(UInt32(bitPattern: process))])
        let outcome = try bus.callManager("AttachProcessesToUnit", [.string(name), .string(""), processes])
        if case .refused(_, let text) = outcome { throw refusal("move a process into", text) }
    }

    private func finish(
        _ bus: inout SystemBus, _ outcome: BusOutcome, _ verb: String
    ) throws(SystemError) {
        switch outcome {
        case .refused(_, let text): throw refusal(verb, text)
        case .answer(let body):
            guard let job = body.first?.text else { throw BusReader.malformed }
            let result = try bus.result(ofJob: job)
            guard result == "done" else { throw refusal(verb, "the job has \(result)") }
        }
    }

    private func refusal(_ verb: String, _ text: String) -> SystemError {
        SystemError("\(verb) the systemd unit \(name): \(text)", code: EREMOTEIO)
    }

    private static func list(_ properties: [(String, BusValue)]) -> BusValue {
        .array(of: "(sv)", properties.map { .structure([.string($0.0), .variant($0.1)]) })
    }

    /// The control group of a process: of v2, or of systemd's own hierarchy of v1.
    private static func path(of process: Int32) throws(SystemError) -> String {
        let lines = try Files.readText("/proc/\(process)/cgroup").split(separator: "\n")
        let line =
            lines.first { $0.split(separator: ":", maxSplits: 2).dropFirst().first == "name=systemd" }
            ?? lines.first { $0.hasPrefix("0::") }
        let path = line?.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init)
        guard let path, path.count > 1 else {
            throw SystemError("find the control group of process", "\(process)", code: ENOENT)
        }
        return path
    }
}
