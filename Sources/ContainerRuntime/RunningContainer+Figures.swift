internal import Glibc
internal import Linux

extension RunningContainer {
    /// Its processes.
    public func processes() throws(RuntimeError) -> [ProcessRow] {
        let numbers = try RunningContainer.processes(in: cgroup, first: process)
        let boot = ProcessRow.bootTime()
        return numbers.sorted().compactMap { ProcessRow(process: $0, bootTime: boot) }
    }

    /// What it has used.
    public func statistics() throws(RuntimeError) -> ContainerStatistics {
        var statistics = ContainerStatistics()
        statistics.cgroup = cgroup.statistics()
        // Once the first process has ended there are no interfaces to tell of.
        if let text = try? Files.readText("/proc/\(process)/net/dev") {
            statistics.interfaces = ContainerStatistics.interfaces(in: text)
        }
        return statistics
    }
}

extension ContainerStatistics {
    /// The lines of /proc/net/dev but for the loopback interface.
    static func interfaces(in text: String) -> [String: InterfaceCounters] {
        var interfaces: [String: InterfaceCounters] = [:]
        for line in text.split(separator: "\n").dropFirst(2) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = String(line[..<colon].drop { $0 == " " })
            let numbers = line[line.index(after: colon)...].split(separator: " ").map { UInt64($0) ?? 0 }
            guard name != "lo", numbers.count >= 12 else { continue }
            var counters = InterfaceCounters()
            (counters.receivedBytes, counters.receivedPackets) = (numbers[0], numbers[1])
            (counters.receivedErrors, counters.receivedDropped) = (numbers[2], numbers[3])
            (counters.sentBytes, counters.sentPackets) = (numbers[8], numbers[9])
            (counters.sentErrors, counters.sentDropped) = (numbers[10], numbers[11])
            interfaces[name] = counters
        }
        return interfaces
    }
}

extension ProcessRow {
    /// When the kernel was booted, in seconds since 1970.
    static func bootTime() -> Int64 {
        let line = (try? Files.readText("/proc/stat"))?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) } ?? 0
    }

    /// Of the process that has this number; nil once it has gone.
    init?(process: Int32, bootTime: Int64) {
        let base = "/proc/\(process)"
        guard let stat = try? Files.readText("\(base)/stat"), let end = stat.lastIndex(of: ")"),
            let begin = stat.firstIndex(of: "("), let status = try? Files.readText("\(base)/status")
        else { return nil }
        // The fields from the third on (proc(5)); the name before them may contain anything.
        let fields = stat[stat.index(after: end)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard fields.count > 21 else { return nil }
        self.process = process
        state = String(fields[0])
        parent = Int32(fields[1]) ?? 0
        terminal = ProcessRow.terminal(Int32(fields[4]) ?? 0)
        ticks = (UInt64(fields[11]) ?? 0) + (UInt64(fields[12]) ?? 0)
        startedAt = bootTime + (Int64(fields[19]) ?? 0) / 100
        virtualMemory = UInt64(fields[20]) ?? 0
        residentMemory = (UInt64(fields[21]) ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        let users = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }?.split(separator: "\t")
        user = users.flatMap { $0.count > 2 ? UInt32($0[2]) : nil } ?? 0
        let words = ((try? Files.read("\(base)/cmdline")) ?? []).split(separator: 0)
        command = words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        if command.isEmpty { command = "[\(stat[stat.index(after: begin)..<end])]" }
    }

    /// `pts/3` for device 136:3 and so on.
    private static func terminal(_ device: Int32) -> String {
        let number = UInt32(bitPattern: device)
        let (major, minor) = ((number >> 8) & 0xFFF, (number & 0xFF) | (number >> 12 & 0xFFF00))
        switch major {
        case 136...143: return "pts/\((major - 136) * 256 + minor)"
        case 4: return minor < 64 ? "tty\(minor)" : "ttyS\(minor - 64)"
        case 5 where minor == 1: return "console"
        default: return "?"
        }
    }
}
