/// The body of `POST /bulkhead/machines/create`.
public struct MachineCreation: Sendable, Equatable, Codable {
    /// Its name.
    public var name: String?
    /// Virtual processors; absent: 1.
    public var cpus: Int?
    /// Bytes; absent: 512 MiB.
    public var memory: UInt64?

    /// Creates it.
    public init(name: String, cpus: Int? = nil, memory: UInt64? = nil) {
        self.name = name
        self.cpus = cpus
        self.memory = memory
    }

    enum CodingKeys: String, CodingKey { case name = "Name", cpus = "Cpus", memory = "Memory" }
}

/// A machine, in `GET /bulkhead/machines` and `GET /bulkhead/machines/{name}/json`.
public struct MachineDescription: Sendable, Equatable, Codable {
    /// 64 hexadecimal digits.
    public var id: String
    /// Its name.
    public var name: String
    /// Virtual processors.
    public var cpus: Int
    /// Bytes.
    public var memory: UInt64
    /// `created`, `starting`, `running`, `stopped`.
    public var status: String
    /// Why it ended, where nobody asked it to; when it was created and started (RFC 3339); its kernel; `qemu`.
    public var error, created, startedAt, kernel, hypervisor: String?
    /// The hypervisor's number on the host.
    public var pid: Int?
    /// Identifiers of the containers in it.
    public var containers: [String]?

    /// Creates it.
    public init(id: String, name: String, cpus: Int, memory: UInt64, status: String) {
        self.id = id
        self.name = name
        self.cpus = cpus
        self.memory = memory
        self.status = status
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id", name = "Name", cpus = "Cpus", memory = "Memory", status = "Status", error = "Error"
        case created = "Created", startedAt = "StartedAt", kernel = "Kernel", hypervisor = "Hypervisor", pid = "Pid"
        case containers = "Containers"
    }
}
