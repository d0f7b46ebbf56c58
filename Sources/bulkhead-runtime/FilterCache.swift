import Glibc
import Linux
import OCI
import Seccomp

/// Compiled filters under `--root/.seccomp`, each with the `linux.seccomp` that it was made from: compiling Docker's
/// default profile takes libseccomp some milliseconds, reading the result does not.
///
/// ```
///  0            4
/// +------------+---------------------+------------
/// | length LE  | linux.seccomp, JSON | program …
/// +------------+---------------------+------------
/// ```
struct FilterCache {
    let directory: String

    /// To be raised when the compiler makes another program of the same text.
    private static let format = 2

    init(root: String) { directory = "\(root)/.seccomp" }

    /// The program for a container's configuration, or nil where it wants none.
    func filter(for specification: RuntimeSpecification) throws(CommandError) -> [UInt8]? {
        guard let filter = specification.linux.seccomp else { return nil }
        let text = filter.json.encoded
        let path = "\(directory)/\(FilterCache.name(of: text))-\(FilterCache.format).bpf"
        if let found = FilterCache.program(in: path, madeFrom: text) { return found }
        let program: [UInt8]
        do { program = try SeccompCompiler.compile(filter) } catch {
            throw .usage("linux.seccomp: \(error)")
        }
        try kernel(keep(program, madeFrom: text, in: path))
        return program
    }

    /// Writes a program where the next container with this configuration finds it.
    private func keep(_ program: [UInt8], madeFrom text: [UInt8], in path: String) throws(SystemError) {
        try Files.makeDirectories(directory, mode: 0o700)
        let length = UInt32(truncatingIfNeeded: text.count)
        let head = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: length >> $0) }
        try Files.write("\(path).\(getpid())", head + text + program, mode: 0o600)
        try Files.rename("\(path).\(getpid())", to: path)
    }

    /// FNV-1a, 64 bits. Two filters with one name only replace one another: the text decides.
    private static func name(of text: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    private static func program(in path: String, madeFrom text: [UInt8]) -> [UInt8]? {
        // What is not there, or is damaged, is made again.
        guard let bytes = try? Files.read(path), bytes.count > 4 else { return nil }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard length == text.count, bytes.count > 4 + length, bytes[4..<4 + length].elementsEqual(text) else {
            return nil
        }
        return Array(bytes[(4 + length)...])
    }
}
