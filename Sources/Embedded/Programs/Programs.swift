import Glibc

// The main functions of the programs that are one module in Embedded Swift (scripts/embedded.mk): what their main.swift
// does in the full language.

@c(bulkhead_runtime) func runRuntime() -> Int32 { RuntimeProgram.main() }

@c(bulkhead_monitor) func runMonitor() -> Int32 { MonitorProgram.run(CommandLine.arguments) }

@c(bulkhead_guest) func runAgent() -> Int32 { AgentProgram.run(CommandLine.arguments) }
