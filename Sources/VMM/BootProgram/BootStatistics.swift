/// What a machine has done so far, in one line.
struct BootStatistics {
    private let line: String

    init(_ machine: Machine, _ balloon: BalloonDevice?) {
        let exits = machine.exitCounts
        var parts = [
            "exits: \(exits.ports) ports, \(exits.memory) memory, \(exits.interruptions) interruptions",
            "processors: \(machine.processorNanoseconds / 1_000_000) ms",
        ]
        if let balloon {
            let counts = balloon.counters.snapshot
            parts += [
                "balloon: \(balloon.actualBytes >> 20) MiB",
                "reported \(counts.reported >> 20) MiB, given back \(counts.released >> 20) MiB, errors \(counts.errors)",
            ]
        }
        line = parts.joined(separator: "; ")
    }

    func print() { Console.print(line) }
}
