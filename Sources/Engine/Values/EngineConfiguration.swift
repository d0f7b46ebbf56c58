public import Logging
import Networks

/// Where the engine keeps things and what it may use.
public struct EngineConfiguration: Sendable {
    /// What persists: images, containers, volumes, the database.
    public var root: String
    /// What is gone after a boot: sockets of monitors and machines.
    public var executionRoot: String
    /// The folder of bulkhead-monitor, bulkhead-guest and bulkhead-vmm; nil: beside the running executable.
    public var helpers: String?
    /// The program of `--init`; nil: docker-init or tini-static, wherever it is installed.
    public var initPath: String?
    /// The default bridge.
    public var bridge = BridgeSettings()
    /// Which hypervisor drives machines.
    public var hypervisor = HypervisorSetting.auto
    /// The unpacked kernel package for machines; nil: `<root>/kernel`.
    public var kernelDirectory: String?
    /// The parent cgroup of containers: by default one that no daemon with another root has.
    public var cgroupParent: String
    /// Whether containers and machines go on when the daemon is told to end.
    public var liveRestore = false
    /// The version that `info` and `version` report.
    public var version = "0.1.0"
    /// Where messages go.
    public var logger: Logger

    /// Settings of the default network.
    public struct BridgeSettings: Sendable, Equatable {
        /// The bridge's interface; nil: one derived from the root, so that two daemons never share one.
        public var name: String?
        /// Its address and prefix length, `172.17.0.1/16`; nil: the first free of Docker's default pools.
        public var subnet: String?

        /// The defaults.
        public init() {}
    }

    /// Which hypervisor is used.
    public enum HypervisorSetting: String, Sendable, CaseIterable {
        /// The best that this host can run.
        case auto
        /// Our own, with hardware virtualisation.
        case kvm
        /// QEMU, with hardware virtualisation where there is some.
        case qemu
    }

    /// The usual places.
    public init(
        root: String = "/var/lib/bulkhead", executionRoot: String = "/run/bulkhead",
        logger: Logger = Logger(label: "bulkhead")
    ) {
        self.root = root
        self.executionRoot = executionRoot
        cgroupParent = root == "/var/lib/bulkhead" ? "/bulkhead" : "/bulkhead-\(BridgeConfiguration.hash(of: root))"
        self.logger = logger
    }
}
