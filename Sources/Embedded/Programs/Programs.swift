import Glibc

// The main functions of the programs that are one module in Embedded Swift (scripts/embedded.mk): what their main.swift
// does in the full language.

/// What main() gets beside the count of it.
typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@c(bulkhead_runtime) func runRuntime(_ count: Int32, _ arguments: Arguments) -> Int32 {
    clibrary_keep_arguments(arguments)
    RuntimeProgram.main()
}

@c(bulkhead_monitor) func runMonitor(_ count: Int32, _ arguments: Arguments) -> Int32 {
    clibrary_keep_arguments(arguments)
    return MonitorProgram.run(CommandLine.arguments)
}

@c(bulkhead_guest) func runAgent(_ count: Int32, _ arguments: Arguments) -> Int32 {
    clibrary_keep_arguments(arguments)
    return AgentProgram.run(CommandLine.arguments)
}
