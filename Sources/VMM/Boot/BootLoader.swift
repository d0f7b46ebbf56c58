/// Puts everything into the guest's memory that it begins with, and says how its first processor begins.
struct BootLoader {
    private let backing: GuestMemoryBacking
    private var memory: GuestMemory { backing.memory }

    /// For memory in which nothing runs yet.
    init(memory: GuestMemoryBacking) { backing = memory }

    /// Loads kernel, initrd, command line and what the kernel is told.
    ///
    /// - Parameter tables: ACPI's, for ``BootLayout/tables``; the first is the RSDP.
    func load(
        kernel: borrowing BootFile, initrd: borrowing BootFile?, commandLine: String, tables: [UInt8]
    ) throws(VMMError) -> ProcessorStart {
        let loaded = try LoadedKernel.load(kernel, into: backing)
        let place = try load(initrd: initrd, for: loaded)
        try write(commandLine: commandLine, limit: loaded.commandLineLimit)
        try write(tables, at: BootLayout.tables, "ACPI's tables")
        try write(ResetVector.bytes, at: ResetVector.address, "the reset vector")
        let map = MemoryMap(memory)
        switch loaded.entry {
        case .pvh(let entry):
            let information = StartInformation(map: map, initrd: place, rsdp: BootLayout.tables)
            try write(information.information, at: BootLayout.startInformation, "the start information")
            try write(information.modules, at: BootLayout.modules, "the list of modules")
            try write(information.memoryMap, at: BootLayout.memoryMap, "the memory map")
            return .pvh(instruction: entry, information: BootLayout.startInformation)
        case .linux64(let entry, let header):
            let page = ZeroPage(map: map, initrd: place, rsdp: BootLayout.tables, setupHeader: header)
            try write(page.bytes, at: BootLayout.zeroPage, "the boot parameters")
            let start = ProcessorStart.linux64(
                instruction: entry, parameters: BootLayout.zeroPage, pageTables: BootLayout.pageTables,
                descriptorTable: BootLayout.descriptors, stack: BootLayout.stack)
            try write(IdentityMap.bytes(at: BootLayout.pageTables), at: BootLayout.pageTables, "the page tables")
            var descriptors: [UInt8] = []
            for descriptor in start.descriptors { descriptors.append(littleEndian: descriptor) }
            try write(descriptors, at: BootLayout.descriptors, "the segment descriptors")
            return start
        }
    }

    /// At the top of low memory, where the kernel is least likely to want to be.
    private func load(initrd: borrowing BootFile?, for kernel: LoadedKernel) throws(VMMError) -> Range<UInt64>? {
        switch initrd {
        case .none: return nil
        case .some(let file):
            let mask = GuestMemoryMapping.page - 1
            let limit = kernel.highestInitrd == .max ? .max : kernel.highestInitrd + 1
            let top = min(memory.low.count, limit) & ~mask
            let firstFree = (kernel.end + mask) & ~mask
            guard file.count > 0 else { throw VMMError(.configuration, "\(file.name): an empty initrd") }
            guard firstFree < top, file.count <= top - firstFree else {
                throw VMMError(
                    .configuration,
                    "\(file.name): \(file.count) bytes do not fit into memory beside the kernel: give the machine more than \(memory.low.count >> 20) MiB"
                )
            }
            let start = (top - file.count) & ~mask
            try file.copy(from: 0, count: file.count, to: start, of: backing)
            return start..<start + file.count
        }
    }

    private func write(commandLine: String, limit: Int) throws(VMMError) {
        let text = Array(commandLine.utf8)
        guard !text.contains(0) else { throw VMMError(.configuration, "the command line has a zero in it") }
        guard text.count <= min(limit, Int(BootLayout.commandLineRoom) - 1) else {
            throw VMMError(
                .configuration, "a command line of \(text.count) bytes: the kernel takes \(limit); make it shorter")
        }
        try write(text + [0], at: BootLayout.commandLine, "the command line")
    }

    private func write(_ bytes: [UInt8], at address: UInt64, _ what: String) throws(VMMError) {
        guard !bytes.isEmpty else { return }
        // unsafe because the range is checked to be all memory; no guest runs yet
        guard let target = unsafe memory.pointer(address, count: UInt64(bytes.count)) else {
            throw VMMError(.configuration, "\(what) does not fit into the machine's memory")
        }
        // unsafe because as many bytes are copied as the pointer is good for
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(start: target, count: bytes.count).copyMemory(from: source)
        }
    }
}
