internal import CLinux
internal import Glibc

extension Cgroup {
    /// Freezes or thaws every process, and waits until that is done.
    public func setFrozen(_ frozen: Bool) throws(SystemError) {
        if isUnified, let unified {
            try Files.set("\(unified)/cgroup.freeze", frozen ? "1" : "0")
            try waitForEvent(in: unified, "frozen \(frozen ? 1 : 0)", milliseconds: 10_000)
        } else if let freezer = directories[.freezer] {
            try Files.set("\(freezer)/freezer.state", frozen ? "FROZEN" : "THAWED")
            // Writing again looks once more after processes that were not to be stopped at that moment.
            let deadline = Clock.monotonicMilliseconds + 10_000
            while try Files.readText("\(freezer)/freezer.state") != (frozen ? "FROZEN\n" : "THAWED\n") {
                guard Clock.monotonicMilliseconds < deadline else { throw SystemError("freeze", path, code: ETIMEDOUT) }
                try Files.set("\(freezer)/freezer.state", frozen ? "FROZEN" : "THAWED")
            }
        } else {
            throw SystemError("freeze: the host has no control group for", "freezer", code: ENOENT)
        }
    }

    /// The directory by which its processes are frozen; nil where the host has none for that.
    public var freezerDirectory: String? { isUnified ? unified : directories[.freezer] }

    /// Whether it is frozen.
    public func isFrozen() throws(SystemError) -> Bool {
        if isUnified, let unified { return try Files.readText("\(unified)/cgroup.freeze").hasPrefix("1") }
        guard let freezer = directories[.freezer] else { return false }
        return try !Files.readText("\(freezer)/freezer.state").hasPrefix("THAWED")
    }

    /// Kills every process in it and waits until there is none.
    public func kill(milliseconds: Int64 = 10_000) throws(SystemError) {
        if let unified {
            do {
                try Files.set("\(unified)/cgroup.kill", "1")
            } catch  where error.code == ENODEV {
                // systemd has taken it away while it was opened.
            } catch  where error.code == ENOENT {
                if Files.exists(unified) { try killOneByOne(milliseconds) }
            }
        } else {
            try killOneByOne(milliseconds)
        }
        // A frozen process of v1 dies only when it is thawed.
        if let freezer = directories[.freezer], Files.exists(freezer) {
            try Files.set("\(freezer)/freezer.state", "THAWED")
        }
        if let unified, Files.exists(unified) {
            // systemd takes a scope away as soon as it is empty.
            do { try waitForEvent(in: unified, "populated 0", milliseconds: milliseconds) } catch
                where (error.code == ENOENT || error.code == ENODEV) && !Files.exists(unified)
            {}
        }
    }

    /// Kills one after the other, and looks again until there is none: before Linux 5.14 there is no cgroup.kill, and
    /// in v1 there never is. They are frozen meanwhile, where that is possible, so that none makes others.
    func killOneByOne(_ milliseconds: Int64) throws(SystemError) {
        let deadline = Clock.monotonicMilliseconds + milliseconds
        let freezer = directories[.freezer].map { (file: "\($0)/freezer.state", on: "FROZEN", off: "THAWED") }
        let switching = isUnified ? unified.map { (file: "\($0)/cgroup.freeze", on: "1", off: "0") } : freezer
        while true {
            let numbers = try processesAndThoseBelow()
            if numbers.isEmpty { return }
            if let switching { try Cgroup.freeze(switching.file, switching.on) }
            for number in numbers { Glibc.kill(number, SIGKILL) }
            if let switching { try Cgroup.freeze(switching.file, switching.off) }
            for number in numbers {
                let left = deadline - Clock.monotonicMilliseconds
                guard left > 0 else { throw SystemError("kill", path, code: ETIMEDOUT) }
                // One that can't be opened has gone already.
                guard let process = try? ProcessDescriptor(process: number) else { continue }
                try Poll.wait(process.rawValue, events: Int16(POLLIN), milliseconds: left)
            }
        }
    }

    /// Freezes or thaws; systemd takes a scope away as soon as it is empty, be it in between.
    private static func freeze(_ file: String, _ value: String) throws(SystemError) {
        do { try Files.set(file, value) } catch
            where (error.code == ENOENT || error.code == ENODEV) && !Files.exists(file)
        {}
    }

    /// The numbers of all processes in it and in the groups that those have made below it.
    private func processesAndThoseBelow() throws(SystemError) -> [Int32] {
        guard let directory = unified ?? directories[.pids] ?? directories.values.first else { return [] }
        var found: [Int32] = []
        var next = [directory]
        while let directory = next.popLast() {
            do {
                found += try Files.readText("\(directory)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
                for name in try Files.entries(of: directory) where Files.isDirectory("\(directory)/\(name)") {
                    next.append("\(directory)/\(name)")
                }
            } catch {
                // Gone meanwhile, or a group of threads: the processes that those belong to are in the one above.
                guard [ENOENT, ENODEV, ENOTSUP].contains(error.code) else { throw error }
            }
        }
        return found
    }

    /// Waits until the file cgroup.events of v2 has a line; the kernel tells of each change.
    private func waitForEvent(in directory: String, _ line: String, milliseconds: Int64) throws(SystemError) {
        let deadline = Clock.monotonicMilliseconds + milliseconds
        let file = try Descriptor.open("\(directory)/cgroup.events")
        while true {
            let text = String(decoding: try file.readFromStart(upTo: 512), as: UTF8.self)
            if text.split(separator: "\n").contains(where: { $0 == line }) { return }
            let left = deadline - Clock.monotonicMilliseconds
            guard left > 0 else { throw SystemError("wait for \(line) of", path, code: ETIMEDOUT) }
            try Poll.wait(file.rawValue, events: Int16(POLLPRI), milliseconds: left)
        }
    }

    /// Kills every process in it, and removes it.
    public func killAndRemove() throws(SystemError) {
        // As a rule nobody is left: to see that removing it succeeds takes less than to ask first.
        if scope == nil && removeIfEmpty() { return }
        var failure: SystemError?
        do { try kill() } catch { failure = error }
        do { try remove() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    /// Removes what is empty, up to the first directory that is not; says whether all were.
    private func removeIfEmpty() -> Bool {
        allDirectories.allSatisfy { directory in
            // unsafe because the path is a C string; it lives for the call
            unsafe rmdir(directory) == 0 || errno == ENOENT
        }
    }

    /// Removes the group; every directory is tried, and the first failure is thrown.
    public func remove() throws(SystemError) {
        var failure: SystemError?
        if let scope { do { try scope.stop() } catch { failure = error } }
        do { try Cgroup.remove(allDirectories) } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    /// The same for directories alone.
    static func remove(_ directories: [String]) throws(SystemError) {
        var failure: SystemError?
        let deadline = Clock.monotonicMilliseconds + 1000
        for directory in directories {
            do { try Cgroup.removeTree(directory, until: deadline) } catch  where error.code != ENOENT {
                failure = failure ?? error
            } catch {}
        }
        if let failure { throw failure }
    }

    /// Groups that the container has made below its own go with it.
    private static func removeTree(_ directory: String, until deadline: Int64) throws(SystemError) {
        while true {
            do throws(SystemError) { return try Files.removeDirectory(directory) } catch  where error.code == EBUSY {
                guard Clock.monotonicMilliseconds < deadline else { throw error }
                for name in try Files.entries(of: directory) where Files.isDirectory("\(directory)/\(name)") {
                    try removeTree("\(directory)/\(name)", until: deadline)
                }
                // Who ends still counts for a moment, though the list of processes has it no more; v1 tells nobody when
                // that is over.
                _ = poll(nil, 0, 1)
            }
        }
    }
}

/// Waiting for one descriptor.
enum Poll {
    /// Waits for events, at most so long; says whether any has come.
    @discardableResult
    static func wait(_ descriptor: Int32, events: Int16, milliseconds: Int64) throws(SystemError) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        // unsafe because the entry is read and written through a pointer that lives for the call
        let result = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
        if result < 0 && errno != EINTR { throw .last("poll") }
        return result > 0
    }
}
