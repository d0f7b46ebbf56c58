import Testing

/// What of the guest's memory the host gets back.
extension RigVMMTests {
    @Test func memoryThatTheGuestFreesGoesBackToTheHost() async throws {
        let (before, used, after) = try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let before = try machine.residentMemory(in: &rig)
            try machine.shell("dd if=/dev/zero of=/run/big bs=1M count=96 2>/dev/null", in: &rig)
            let used = try machine.residentMemory(in: &rig)
            try machine.shell("rm /run/big", in: &rig)
            // The guest reports when it finds the time: two seconds after it has freed, or later.
            let after = try Self.awaitMemory(of: machine, below: used - 80 << 20, in: &rig)
            return (before, used, after)
        }
        #expect(used >= min(before + 80 << 20, 400 << 20))
        #expect(after <= used - 80 << 20)
    }

    @Test func theBalloonTakesMemoryAndGivesItBack() async throws {
        let (before, within, after, log) = try await RigSession.use { rig, session in
            let machine = try RigMachine.shared(in: &rig, session)
            let before = try Self.available(in: machine, &rig)
            try Self.setBalloon(of: machine, mebibytes: 24, in: &rig)
            let within = try Self.available(in: machine, &rig)
            try Self.setBalloon(of: machine, mebibytes: 0, in: &rig)
            return (before, within, try Self.available(in: machine, &rig), try machine.log(in: &rig))
        }
        #expect(before - within >= 20 << 10)
        #expect(after - within >= 20 << 10)
        #expect(log.contains("errors 0") && !log.contains("errors 1"))
    }

    /// KiB that the guest's programs could have.
    private static func available(in machine: RigMachine, _ rig: inout Rig) throws -> Int {
        let said = try machine.shell("awk '/^MemAvailable/ { print $2 }' /proc/meminfo", in: &rig)
        guard let kibibytes = Int(said.filter(\.isNumber)) else {
            throw RigError(description: "no memory in meminfo: \(said)")
        }
        return kibibytes
    }

    /// Sets it, and waits until the guest has done so.
    private static func setBalloon(of machine: RigMachine, mebibytes: Int, in rig: inout Rig) throws {
        try rig.succeed(
            """
            cd \(machine.folder) && echo balloon \(mebibytes) >in
            for turn in $(seq 500); do
                echo statistics >in
                sleep 0.5
                tail -n 1 log | grep -q 'balloon: \(mebibytes) MiB' && exit 0
            done
            tail -n 1 log; exit 1
            """)
    }

    /// Waits for the guest to give memory back.
    private static func awaitMemory(of machine: RigMachine, below limit: Int, in rig: inout Rig) throws -> Int {
        var left = try machine.residentMemory(in: &rig)
        for _ in 0..<40 where left > limit {
            try rig.succeed("sleep 0.5")
            left = try machine.residentMemory(in: &rig)
        }
        return left
    }
}
