internal import CLinux
internal import Glibc
internal import Linux

/// The host's KVM: `/dev/kvm`, whose interface has been checked. `Documentation/virt/kvm/api.rst`, section 4.1 ff.
struct KVMSystem: ~Copyable {
    /// The only version there is: the kernel promises to keep it.
    private static let version: Int32 = 12
    private static let mostFeatures: UInt32 = 256

    private let descriptor: Descriptor

    /// Opens `/dev/kvm`.
    init(path: String = "/dev/kvm") throws(VMMError) {
        let descriptor: Descriptor
        do { descriptor = try Descriptor.open(path, .readWrite) } catch {
            let advice =
                switch error.code {
                case ENOENT:
                    ": this host offers no virtualisation, or its kernel module (kvm_intel, kvm_amd) is not loaded"
                case EACCES, EPERM: ": its group (kvm) may use it"
                default: ""
                }
            throw VMMError(.unsupportedHost, "\(error)\(advice)")
        }
        try self.init(adopting: descriptor)
    }

    /// Takes an open `/dev/kvm` over: a jailed process gets it from its parent.
    init(adopting descriptor: consuming Descriptor) throws(VMMError) {
        self.descriptor = descriptor
        let found = try VMMError.check(bh_kvm_api_version(self.descriptor.rawValue), "ask KVM for its version")
        guard found == KVMSystem.version else {
            throw VMMError(.unsupportedHost, "KVM has version \(found) of its interface: only 12 is known")
        }
        let missing = KVMExtension.required.filter { value(of: $0) == 0 }
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: ", ")
            throw VMMError(.unsupportedHost, "the host's KVM lacks \(names): a newer kernel is needed")
        }
    }

    /// What KVM says of an extension: 0 where it has none.
    func value(of wanted: KVMExtension) -> Int32 {
        max(bh_kvm_check_extension(descriptor.rawValue, wanted.number), 0)
    }

    /// What processors can be made to have here: CPUID's leaves that host and KVM both support.
    func supportedFeatures() throws(VMMError) -> [CPUIDEntry] {
        var count = KVMSystem.mostFeatures
        var entries = [kvm_cpuid_entry2](repeating: kvm_cpuid_entry2(), count: Int(count))
        // unsafe because both are filled through pointers; `count` says how many entries are valid
        let result = unsafe bh_kvm_supported_cpuid(descriptor.rawValue, &entries, &count)
        try VMMError.check(result, "ask KVM for the CPUID that it supports")
        return entries.prefix(Int(count)).map { CPUIDEntry($0) }
    }

    /// A virtual machine without memory and processors.
    func makeMachine() throws(VMMError) -> KVMMachine {
        let size = try VMMError.check(bh_kvm_run_size(descriptor.rawValue), "ask KVM for a processor's shared area")
        // A signal may interrupt it (it waits for other processors of the host).
        var number: Int32
        repeat { number = bh_kvm_create_machine(descriptor.rawValue) } while number < 0 && errno == EINTR
        try VMMError.check(number, "create a virtual machine")
        return KVMMachine(adopting: Descriptor(adopting: number), runSize: Int(size))
    }
}
