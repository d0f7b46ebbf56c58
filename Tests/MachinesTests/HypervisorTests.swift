import Linux
import OCI
import Testing
import Wire

@testable import Machines

/// What is planned for a machine.
struct HypervisorTests {
    private let folder = "/tmp/vm.plan.\(Program.number).\(Clock.monotonicNanoseconds)"

    private var configuration: MachineConfiguration {
        MachineConfiguration(
            id: "m1",
            kernel: GuestKernel(kernelPath: "/k/vmlinux", initrdPath: "/k/initrd", release: "6.1"),
            runDirectory: folder, cgroupsPath: "/bulkhead/machine-m1", helpers: "/opt/bulkhead")
    }

    private func plan(
        _ configuration: MachineConfiguration, _ hypervisor: (any Hypervisor)? = nil
    ) throws -> (MachineLaunch, MachineSetup) {
        defer {
            for part in ["root/run/machine", "root/run"] { try? Files.removeDirectory("\(folder)/\(part)") }
            for part in ["dev", "etc", "layers", "machine", "proc", "share", "tmp", "usr"] {
                try? Files.removeDirectory("\(folder)/root/\(part)")
            }
            for part in ["/root", "/vm", ""] { try? Files.removeDirectory(folder + part) }
        }
        let launch = try (hypervisor ?? QEMUHypervisor()).launch(configuration)
        let arguments = try #require(launch.specification.process?.arguments)
        #expect(Array(arguments.prefix(2)) == ["/bulkhead-vmm", "--setup"])
        return (launch, try MachineSetup(JSONField(JSON(parsing: arguments[2]))))
    }

    @Test func barestMachineHasNoDevices() throws {
        let (launch, setup) = try plan(configuration)
        #expect(!launch.wantsTap)
        #expect(setup.image == nil && setup.disk == nil && setup.shares.isEmpty && setup.tap == nil)
        #expect(!setup.commandLine.contains("bulkhead."))
        #expect(launch.specification.process?.capabilities?.bounding.contains("CAP_SYS_ADMIN") == false)
        #expect(launch.guestSocket == folder + "/vm/guest.sock")
    }

    @Test func ourOwnMonitorNeedsLessOfTheHost() throws {
        var configuration = configuration
        configuration.diskPath = "/disks/a"
        let (launch, setup) = try plan(configuration, KVMHypervisor(shareServer: nil))
        #expect(setup.commandLine.contains("bulkhead.disk=1") && !setup.commandLine.contains("bulkhead.image"))
        #expect(setup.emulator == nil && setup.accelerator == "kvm" && setup.user == "65534:65534")
        #expect(launch.specification.linux.devices.map(\.path) == (Files.exists("/dev/kvm") ? ["/dev/kvm"] : []))
        #expect(launch.specification.process?.capabilities?.bounding == ["CAP_SETGID", "CAP_SETUID"])
        #expect(!launch.specification.mounts.contains { ["/usr", "/lib"].contains($0.destination) })
        let limit = launch.specification.linux.resources.memory.limit
        #expect(limit == Int64(configuration.memory) + 32 << 20)
    }

    @Test func ourOwnMonitorGivesTheImageAsMemory() throws {
        var configuration = configuration
        configuration.imagePath = "/images/a.erofs"
        let hypervisor = KVMHypervisor(shareServer: nil)
        #expect(try plan(configuration, hypervisor).1.commandLine.contains("bulkhead.image=pmem"))
        #expect(hypervisor.modules.contains("virtio_pmem"))
    }

    @Test func aShareNeedsItsServerAndItsLibraries() throws {
        var configuration = configuration
        configuration.share = true
        #expect(throws: MachineError.self) { try plan(configuration, KVMHypervisor(shareServer: nil)) }
        let (launch, _) = try plan(configuration, KVMHypervisor(shareServer: "/usr/libexec/virtiofsd"))
        #expect(launch.specification.mounts.contains { $0.destination == "/usr" })
        let capabilities = try #require(launch.specification.process?.capabilities?.bounding)
        // What Debian's virtiofsd insists on.
        #expect(Set(capabilities).isSuperset(of: ["CAP_DAC_OVERRIDE", "CAP_MKNOD", "CAP_SETPCAP", "CAP_SYS_ADMIN"]))
    }

    @Test(.enabled(if: !HostProcessor.hasHardwareVirtualisation, "this host can run guests on its processor"))
    func aHostThatCannotVirtualiseSaysSo() {
        #expect(throws: MachineError.self) { try HypervisorChoice.kvm.hypervisor() }
    }

    @Test func everythingAskedForReachesTheGuest() throws {
        var configuration = configuration
        configuration.imagePath = "/images/a.erofs"
        configuration.diskPath = "/disks/a"
        configuration.share = true
        configuration.layers = true
        configuration.hardwareAddress = "02:42:ac:11:00:02"
        let (launch, setup) = try plan(configuration)
        #expect(launch.wantsTap && setup.tap == 3)
        for word in ["bulkhead.image=1", "bulkhead.disk=1", "bulkhead.share=1", "bulkhead.layers=1"] {
            #expect(setup.commandLine.split(separator: " ").contains(Substring(word)))
        }
        #expect(setup.shares.map(\.folder) == ["/share", "/layers"])
        #expect(setup.shares.map(\.isConstant) == [false, true])
        let image = launch.specification.mounts.first { $0.source == "/images/a.erofs" }
        #expect(image?.options.contains("ro") == true)
        let disk = launch.specification.mounts.first { $0.source == "/disks/a" }
        #expect(disk?.options.contains("rw") == true)
    }

    @Test func planIsReadableByTheRuntime() throws {
        let (launch, _) = try plan(configuration)
        #expect(try RuntimeSpecification(json: launch.specification.json) == launch.specification)
    }

    @Test func sizesThatCannotBeAreRefused() throws {
        var configuration = configuration
        configuration.memory = 16 << 20
        #expect(throws: MachineError.self) { try plan(configuration) }
    }

    @Test func timestampCounterIsMeasured() {
        #expect(TimestampClock.shared.kilohertz.map { $0 > 100_000 && $0 < 20_000_000 } ?? true)
    }
}
