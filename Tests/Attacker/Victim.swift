import CLinux
import Glibc
import Linux

/// A process that is looked into.
struct Victim {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    private var directory: String { "/proc/\(number)" }

    /// What it calls itself; nil where it is no more.
    var name: String? {
        guard let text = try? Files.readText("\(directory)/comm"), !text.isEmpty, !isDead else { return nil }
        return String(text.dropLast())
    }

    private var state: Character? {
        // The name before it may have spaces, but this is the last bracket.
        let text = (try? Files.readText("\(directory)/stat")) ?? ""
        return text.split(separator: ")").last?.dropFirst().first
    }

    private var isDead: Bool { state == "Z" || state == "X" || state == nil }

    /// Whether a signal has stopped it.
    var isStopped: Bool { state == "T" }

    /// Traces it and brings it to a halt.
    func attach() -> Bool {
        guard bh_ptrace(0x4206 /* PTRACE_SEIZE */, number, 0) == 0 else { return false }
        var status: Int32 = 0
        return bh_ptrace(0x4207 /* PTRACE_INTERRUPT */, number, 0) == 0
            && waitpid(number, &status, 0x4000_0000 /* __WALL */) == number
    }

    /// Lets it go on.
    func letGo() { _ = bh_ptrace(17 /* PTRACE_DETACH */, number, 0) }

    /// What opens that only those may open who may trace it.
    var openWays: [String] {
        var found: [String] = []
        for name in ["environ", "mem", "maps", "syscall", "stack"] where opens(name) { found.append(name) }
        for name in ["cwd", "root", "exe", "ns/mnt", "fd/0", "fd/3", "fd/4"] where target(of: name) != nil {
            found.append(name)
        }
        if let process = try? ProcessDescriptor(process: number) {
            for descriptor in 0...9 as ClosedRange<Int32> {
                let copy = bh_pidfd_getfd(process.rawValue, descriptor)
                guard copy >= 0 else { continue }
                close(copy)
                found.append("pidfd_getfd")
                break
            }
        }
        return found
    }

    /// What it has while it stands still: descriptors beyond the standard streams, where it is, whom it belongs to.
    var possessions: [String] {
        var found: [String] = []
        for name in ((try? Files.entries(of: "\(directory)/fd")) ?? []).sorted() where (Int(name) ?? 0) > 2 {
            // Without the number, which is different each time.
            found.append("descriptor \(target(of: "fd/\(name)")?.prefix { $0 != "[" } ?? "unknown")")
        }
        for name in ["cwd", "root"] where !isOwn(name) { found.append("\(name) of another tree") }
        for name in ["mnt", "pid_for_children", "net", "ipc", "uts", "cgroup"]
        where target(of: "ns/\(name)") != link("/proc/self/ns/\(name)") { found.append("another \(name) namespace") }
        if ((try? Files.read("\(directory)/environ")) ?? []).contains(where: { $0 != 0 }) {
            found.append("environment")
        }
        for line in ((try? Files.readText("\(directory)/status")) ?? "").split(separator: "\n")
        where line.hasPrefix("CapPrm:") { found.append(String(line)) }
        return found
    }

    private func opens(_ name: String) -> Bool {
        guard let file = try? Descriptor.open("\(directory)/\(name)") else { return false }
        // Opening alone is no success: for some of these the kernel asks when something is read.
        if name == "mem" { return true }
        guard case .bytes(let bytes)? = try? file.read(upTo: 1) else { return false }
        return !bytes.isEmpty
    }

    private func target(of name: String) -> String? { link("\(directory)/\(name)") }

    private func link(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &bytes, bytes.count)
        // Linux 5.10 answers with nothing at times, where others refuse.
        return count <= 0 ? nil : String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether that directory is this process's root.
    private func isOwn(_ name: String) -> Bool {
        var (own, other) = (stat(), stat())
        return stat("/", &own) == 0 && stat("\(directory)/\(name)", &other) == 0 && own.st_dev == other.st_dev
            && own.st_ino == other.st_ino
    }
}
