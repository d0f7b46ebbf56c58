import CLinux
import Glibc
import Linux

/// What is done to a process that enters.
enum Way: String {
    /// Looks into it, through /proc, ptrace(2) and pidfd_getfd(2).
    case look
    /// Stops it once.
    case stop
    /// Stops it whenever it goes on.
    case hold
}

/// Meets every process that is made in its pid namespace as soon as it is there.
struct Attack {
    private let way: Way
    private let program: String
    private let path: String
    private var written: Set<String> = []

    init(_ way: Way, program: String, notes path: String) {
        self.way = way
        self.program = program
        self.path = path
    }

    /// Goes on until it is killed.
    mutating func run() -> Never {
        var known = Attack.newest
        note("ready")
        while true {
            let newest = Attack.newest
            guard newest != known else { continue }
            for number in known + 1..<newest + 1 where kill(number, 0) == 0 {
                switch way {
                case .look: look(into: Victim(number))
                case .stop: stop(Victim(number), over: false)
                case .hold: stop(Victim(number), over: true)
                }
                note("met")
            }
            known = newest
        }
    }

    /// The number of the process that has been made last in this pid namespace.
    private static var newest: Int32 {
        guard let text = try? Files.readText("/proc/loadavg"), let word = text.dropLast().split(separator: " ").last,
            let number = Int32(word)
        else { exit(4) }
        return number
    }

    private mutating func look(into victim: Victim) {
        while let name = victim.name, name != program {
            if victim.attach() {
                // It stands still now: what it is called is what it was when the door opened.
                if let name = victim.name, name != program {
                    for line in victim.possessions { note("traced \(line)") }
                    for way in victim.openWays { note("open \(way)") }
                }
                victim.letGo()
                return
            }
            let ways = victim.openWays
            // A name only ever changes to the program's.
            if let name = victim.name, name != program { for way in ways { note("open \(way)") } }
            note("refused")
        }
    }

    private mutating func stop(_ victim: Victim, over: Bool) {
        var isFirst = true
        while let name = victim.name {
            if name == program {
                // Too late: it is the container's own by now, and not to wait for ever.
                kill(victim.number, SIGCONT)
            } else if isFirst || over {
                kill(victim.number, SIGSTOP)
                isFirst = false
            }
            if name != program, victim.isStopped, victim.name != program { note("stopped") }
        }
    }

    /// Writes a line, once.
    private mutating func note(_ line: String) {
        guard written.insert(line).inserted else { return }
        guard let file = try? Descriptor.open(path, [.writeOnly, .create, .append], mode: 0o644),
            (try? file.writeAll(line + "\n")) != nil
        else { exit(3) }
    }
}
