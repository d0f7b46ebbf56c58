/// The registers of the first processor when a kernel begins.
struct ProcessorStart: Sendable, Equatable {
    /// A segment from 0, as the processor has it loaded.
    struct Segment: Sendable, Equatable {
        var selector: UInt16
        /// Bits 0…3 of a descriptor's access byte.
        var type: UInt8
        /// The last offset, in bytes whatever the granularity: KVM does not scale it.
        var limit: UInt32 = 0xFFFF_FFFF
        /// Code or data, rather than one of the system's.
        var isCodeOrData = true
        var is32Bit = false
        var is64Bit = false
        /// Whether the descriptor counts pages.
        var countsPages = true

        /// Executable, readable, accessed.
        static let codeType: UInt8 = 0xB
        /// Writable, accessed.
        static let dataType: UInt8 = 0x3
        /// Of a task that runs.
        static let taskType: UInt8 = 0xB

        /// As a descriptor of the global table.
        var descriptor: UInt64 {
            let count = UInt64(countsPages ? limit >> 12 : limit)
            let access: UInt64 = 1 << 7 | (isCodeOrData ? 1 << 4 : 0) | UInt64(type)
            let flags: UInt64 = (countsPages ? 8 : 0) | (is32Bit ? 4 : 0) | (is64Bit ? 2 : 0)
            return count & 0xFFFF | access << 40 | (count >> 16 & 0xF) << 48 | flags << 52
        }
    }

    /// The first instruction.
    var instruction: UInt64
    /// PVH's start information.
    var rbx: UInt64 = 0
    /// Linux's boot parameters ("zero page").
    var rsi: UInt64 = 0
    /// Where the stack ends; 0 for kernels that bring their own.
    var stack: UInt64 = 0
    var code: Segment
    var data: Segment
    var task: Segment
    var cr0: UInt64
    var cr3: UInt64 = 0
    var cr4: UInt64 = 0
    var efer: UInt64 = 0
    /// Where the table of these segments' descriptors stands; 0 for kernels that bring their own.
    var descriptorTable: UInt64 = 0

    /// The table: nothing, nothing, code, data, task; at the places that the selectors say.
    var descriptors: [UInt64] { [0, 0, code.descriptor, data.descriptor, task.descriptor] }

    /// As PVH begins: 32-bit protected mode without paging. `spec/pvh`, "CPU state at entry".
    static func pvh(instruction: UInt64, information: UInt64) -> ProcessorStart {
        ProcessorStart(
            instruction: instruction, rbx: information,
            code: Segment(selector: 0x10, type: Segment.codeType, is32Bit: true),
            data: Segment(selector: 0x18, type: Segment.dataType, is32Bit: true),
            task: Segment(
                selector: 0x20, type: Segment.taskType, limit: 0x67, isCodeOrData: false, countsPages: false),
            cr0: ControlBit.protection | ControlBit.extensionType)
    }

    /// As Linux's 64-bit protocol begins: long mode, with memory mapped to itself. `Documentation/x86/boot.rst`, "64-bit
    /// Boot Protocol".
    static func linux64(
        instruction: UInt64, parameters: UInt64, pageTables: UInt64, descriptorTable: UInt64, stack: UInt64
    ) -> ProcessorStart {
        ProcessorStart(
            instruction: instruction, rsi: parameters, stack: stack,
            code: Segment(selector: 0x10, type: Segment.codeType, is64Bit: true),
            data: Segment(selector: 0x18, type: Segment.dataType, is32Bit: true),
            task: Segment(
                selector: 0x20, type: Segment.taskType, limit: 0x67, isCodeOrData: false, countsPages: false),
            cr0: ControlBit.protection | ControlBit.extensionType | ControlBit.paging, cr3: pageTables,
            cr4: ControlBit.physicalAddressExtension, efer: ControlBit.longModeEnabled | ControlBit.longModeActive,
            descriptorTable: descriptorTable)
    }

    /// Bits of CR0, CR4 and EFER.
    enum ControlBit {
        static let protection: UInt64 = 1 << 0
        static let extensionType: UInt64 = 1 << 4
        static let paging: UInt64 = 1 << 31
        static let physicalAddressExtension: UInt64 = 1 << 5
        static let longModeEnabled: UInt64 = 1 << 8
        static let longModeActive: UInt64 = 1 << 10
    }
}
