internal import Glibc
internal import Linux
public import OCI

extension RunningContainer {
    /// Runs another process in the container. Capabilities, limits and filter that it does not name are those of the
    /// container's first process.
    public func exec(
        _ process: RuntimeProcess, streams: StandardStreams, seccompFilter: [UInt8]? = nil,
        inheritedDescriptors: [Int32] = [], newKeyring: Bool = true
    ) throws(RuntimeError) -> ExecutedProcess {
        var process = process
        if process.capabilities == nil { process.capabilities = specification.process?.capabilities }
        let own = specification.linux.namespaces
        if !own.contains(where: { $0.kind == .mount }) {
            try ContainerPlan.checkSharedMounts(process, ownProcesses: own.contains { $0.kind == .pid })
        }
        let plan = try ProcessPlan(
            process, filter: seccompFilter ?? self.seccompFilter, linux: specification.linux,
            state: state(.running))
        guard process.terminal == (streams == .terminal) else {
            throw .invalid("process.terminal: does not fit the streams that the process gets")
        }
        var prepared = try PreparedStreams(streams)
        let pair = try step("connect with the process") { () throws(SystemError) in
            try UnixSocket.pair(.sequencedPackets)
        }
        let ours = ChildChannel(pair.first)
        let theirs = pair.second
        let isUnprivileged = try step("look for privileges") { () throws(SystemError) in
            try !CapabilitySet.mayAdministrate()
        }
        let entersLate = try step("look at the control group \(cgroup.path)") { () throws(SystemError) in
            guard isUnprivileged || cgroup.scope?.isOfUser == true else { return false }
            return try !cgroup.mayBeEntered()
        }
        if !isUnprivileged {
            try step("hide the process") { () throws(SystemError) in try Privilege.setDumpable(false) }
        }
        let result = try step("make the process") { () throws(SystemError) in
            try Clone.process([], in: entersLate ? nil : cgroup)
        }
        switch consume result {
        case .child:
            let start = ContainerEntrant(
                plan: plan, channel: ChildChannel(theirs), cgroup: cgroup, inherited: inheritedDescriptors,
                linux: specification.linux, newKeyring: newKeyring, isUnprivileged: isUnprivileged,
                entersLate: entersLate)
            start.run(container: processDescriptor.rawValue, process: self.process, streams: prepared.child)
        case .parent(let entrantNumber, let entrant):
            _ = consume theirs
            prepared.child = ChildStreams()
            let number: Int32
            let made: ProcessDescriptor
            do {
                var output: Descriptor?
                number = try awaitEntry(of: entrantNumber, ours, &output)
                if output != nil { prepared.ours.output = consume output }
                made = try step("take over the process") { () throws(SystemError) in
                    // All that is left to the entrant is to end.
                    _ = try entrant.waitForEnd()
                    return try ProcessDescriptor(process: number)
                }
            } catch {
                throw RunningContainer.reaped(entrant, error)
            }
            do { try awaitExecution(ours, of: made, number) } catch { throw RunningContainer.reaped(made, error) }
            return ExecutedProcess(process: number, processDescriptor: made, streams: prepared.ours)
        }
    }

    /// Waits until the entrant has made the process that will execute the program, and takes its terminal.
    private func awaitEntry(
        of entrant: Int32, _ channel: borrowing ChildChannel, _ terminal: inout Descriptor?
    ) throws(RuntimeError) -> Int32 {
        // The container's file systems may be somebody's who never answers. A frozen container's process waits.
        let limit: Int64 = 60_000
        var deadline = Clock.monotonicMilliseconds + limit
        while true {
            let left = max(deadline - Clock.monotonicMilliseconds, 0)
            let report = try step("hear from the process") { () throws(SystemError) -> ChildChannel.Report? in
                try channel.hasReport(within: left) ? try channel.nextReport() : nil
            }
            switch consume report {
            case .entered(let number): return number
            case .separated:
                try RunningContainer.move(entrant, into: cgroup)
                try step("let the process go on") { () throws(SystemError) in try channel.orderGoingOn() }
            case .terminal(let master): terminal = consume master
            case .failed(let error): throw error
            case nil where isFrozen: deadline = Clock.monotonicMilliseconds + limit
            case nil where Clock.monotonicMilliseconds < deadline: break
            case nil: throw .failed("the process has not come into the container within \(limit / 1000) s")
            default: throw .failed("the process ended while it was set up")
            }
        }
    }

    /// Lets the process execute its program, and waits until it has. From now on the container's processes see it, and
    /// may stop it: it is continued, for some time.
    private func awaitExecution(
        _ channel: borrowing ChildChannel, of process: borrowing ProcessDescriptor, _ number: Int32
    ) throws(RuntimeError) {
        try step("let the process go on") { () throws(SystemError) in try channel.orderGoingOn(as: number) }
        let limit: Int64 = 10_000
        var deadline = Clock.monotonicMilliseconds + limit
        while try !step("hear from the process", { () throws(SystemError) in try channel.hasReport(within: 100) }) {
            if isFrozen {
                deadline = Clock.monotonicMilliseconds + limit
                continue
            }
            guard Clock.monotonicMilliseconds < deadline else {
                throw .failed(
                    "the process has been held up for \(limit / 1000) s before it could execute its program: "
                        + "look for a process of the container that stops others")
            }
            // It may have been killed meanwhile, which the connection will tell.
            try? process.signalIfRunning(SIGCONT)
        }
        try RunningContainer.awaitExecution(channel)
    }

    /// A group that can't say so is not.
    private var isFrozen: Bool { (try? cgroup.isFrozen()) ?? false }
}
