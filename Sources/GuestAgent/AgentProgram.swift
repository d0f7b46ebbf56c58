internal import Glibc
internal import Linux
internal import Monitor

/// The program `bulkhead-guest`: the first process of a machine. It brings the machine up and then runs containers on
/// request of the monitors on the host.
///
/// `bulkhead-guest --serve PATH` only serves, at a unix socket: for trying it without a machine.
public enum AgentProgram {
    /// Runs the program; as the first process of a machine it never returns.
    ///
    /// - Returns: its exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let options = Array(arguments.dropFirst())
        if Program.number == 1 && options.first != "--serve" { runMachine() }
        guard options.count == 2, options[0] == "--serve" else {
            Console.report("this is the first process of a machine; elsewhere: bulkhead-guest --serve PATH")
            return 2
        }
        do {
            try serve(at: options[1])
            return 0
        } catch {
            Console.report("\(error)")
            return 1
        }
    }

    private static func serve(at path: String) throws(SystemError) {
        let loop = try EventLoop()
        let agent = Agent(in: loop, isMachine: false)
        let mask = Privilege.setMask(0o177)
        let listener = try UnixSocket.listen(path)
        Privilege.setMask(mask)
        try listener.setNonblocking(true)
        let number = listener.rawValue
        try loop.watch(signals: [SIGTERM, SIGINT]) { _ in agent.powerOff() }
        try loop.add(number, .readable) { _ in
            let listener = Descriptor(adopting: number)
            // One connection that can't be had says so by its end.
            while let socket = try? UnixSocket.accept(listener) { agent.serve(socket) }
            _ = listener.release()
        }
        try loop.run()
        try? Files.remove(path)
        _ = listener.release()
    }

    private static func runMachine() -> Never {
        // The kernel's clock began with the kernel.
        let began = Clock.monotonicNanoseconds
        do { try Bringup.run() } catch { die("\(error)") }
        do throws(SystemError) {
            let loop = try EventLoop()
            let agent = Agent(in: loop, isMachine: true)
            let reaper = OrphanReaper(in: loop) { agent.owns($0) }
            try loop.watch(signals: [SIGCHLD, SIGTERM, SIGINT]) { number in
                if number == SIGCHLD { reaper.childEnded() } else { agent.powerOff() }
            }
            PortFinder(in: loop) { found in
                switch found {
                case .success(let port): link(agent, to: port, in: loop)
                case .failure(let error): die("\(error)")
                }
                tellTimes(began: began)
            }.begin()
            try loop.run()
            die("the agent's loop has ended")
        } catch {
            die("\(error)")
        }
    }

    private static func link(_ agent: Agent, to port: Descriptor.Adoptable, in loop: EventLoop) {
        do {
            // The loop holds it.
            _ = try PortLink(port: Descriptor(adopting: port.number), in: loop) {
                agent.serve($0)
            } whenLost: { reason in
                die(reason)
            }
        } catch {
            die("\(error)")
        }
    }

    /// Where the time of the boot went, for who reads the kernel's messages.
    private static func tellTimes(began: Int64) {
        let ready = Clock.monotonicNanoseconds
        let (start, end) = (began / 1_000_000, ready / 1_000_000)
        let text = "bulkhead-guest: begun \(start) ms and ready \(end) ms after the kernel"
        // Nobody misses it.
        try? Files.set("/dev/kmsg", "<6>\(text)\n")
    }

    /// Without its agent a machine is of no use: it says why, where its owner looks, and turns itself off.
    private static func die(_ reason: String) -> Never {
        let text = "bulkhead-guest: \(reason)"
        do { try Files.set("/dev/kmsg", "<2>\(text)\n") } catch { Console.report(text) }
        PowerOff.now()
    }
}
