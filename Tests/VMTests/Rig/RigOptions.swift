import Foundation

/// How the tests' own machine is to be booted.
struct RigOptions: Sendable {
    /// Whether whole suites are run where a part of them does otherwise (`BULKHEAD_RIG=all`).
    static var isThorough: Bool { ProcessInfo.processInfo.environment["BULKHEAD_RIG"] == "all" }

    /// The guest's memory in MiB.
    var memory = 1024
    /// The guest's processors.
    var processors = 2
    /// Loads KVM in the guest, whose processor can virtualise (AMD's SVM, emulated).
    var nestedVirtualization = false
    /// Brings the daemon along, its clients, an image and a kernel for its guests.
    var daemon = false
    /// Images that it has as read-only disks, behind the one with the host's programs: /dev/vdc, /dev/vdd, …
    var disks: [String] = []
    /// Its kernel where that is not the image's.
    var kernel: RigKernel?
    /// Modules that are loaded, besides those that every rig has.
    var modules: [String] = []
    /// Further words for the guest's kernel.
    var kernelWords: [String] = []
    /// Seconds until the guest must have answered. In software and beside other tests a boot of 8 s may take long.
    var bootDeadline = 180
}

/// The rig failed: what it was to do, why it did not, and where its logs are.
struct RigError: Error, CustomStringConvertible {
    let description: String
    /// Whether it was not what ran in the rig that failed but the rig: its kernel is gone, or does not answer.
    var isRigsOwn = false
}

extension RigError {
    /// What a machine in the rig said when it failed.
    ///
    /// A triple fault of a Linux guest counts as the rig's own, whose kernel ends like that as well. Whether the hypervisor has
    /// no part in it is not proven: each is told.
    init(machine text: String) {
        self.init(description: text, isRigsOwn: text.contains("a triple fault on processor"))
    }
}
