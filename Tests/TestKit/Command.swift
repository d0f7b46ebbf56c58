import Glibc
import Linux

/// A finished program: its exit code (128 + signal where one ended it) and what it wrote.
public struct CommandResult: Sendable {
    /// The exit code.
    public let code: Int32
    /// Standard output.
    public let output: String
    /// Standard error.
    public let error: String

    /// One that ended elsewhere.
    public init(code: Int32, output: String, error: String) {
        self.code = code
        self.output = output
        self.error = error
    }

    /// The lines of the output.
    public var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs programs.
public enum Command {
    /// A built executable of this package: beside the tests' own program, or in `BULKHEAD_BIN`.
    public static func built(_ name: String) throws -> String {
        if let directory = getenv("BULKHEAD_BIN") { return "\(String(cString: directory))/\(name)" }
        var directory = Files.parent(of: try Program.path())
        while directory != "/" {
            if Files.exists("\(directory)/\(name)") { return "\(directory)/\(name)" }
            directory = Files.parent(of: directory)
        }
        throw SystemError("find the built executable", name, code: ENOENT)
    }

    /// Copies a program so that it can be executed at once. Were it written here, a process that another test starts at
    /// the same moment could hold the file open for writing, and executing it would fail: "text file busy".
    public static func copy(_ program: String, to path: String) throws {
        let copying = try Spawn.process(path: "/bin/cp", arguments: [program, path])
        guard try ProcessDescriptor(process: copying).waitForEnd() == .exited(code: 0) else {
            throw SystemError("copy the program", program, code: EIO)
        }
    }

    /// Runs a program to its end. Its streams are files in `resources`, so that it never waits for us; `descriptors`
    /// are further ones of ours that it inherits; `denied` are system calls that it does without.
    public static func run(
        _ path: String, _ arguments: [String], input: String = "", descriptors: [(child: Int32, parent: Int32)] = [],
        denied: DeniedCalls? = nil, in resources: TestResources
    ) throws -> CommandResult {
        let base = "\(resources.directory)/command-\(UInt32.random(in: 0...UInt32.max))"
        try Files.write("\(base).in", Array(input.utf8))
        let streams = [
            try Descriptor.open("\(base).in").release(),
            try Descriptor.open("\(base).out", [.writeOnly, .create, .truncate]).release(),
            try Descriptor.open("\(base).err", [.writeOnly, .create, .truncate]).release(),
        ]
        defer { for number in streams { close(number) } }
        let program =
            try denied.map { try $0.start(path, arguments, file: "\(base).filter") } ?? (
                path: path, arguments: arguments
            )
        let pid = try Spawn.process(
            path: program.path, arguments: program.arguments,
            environment: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            descriptors: streams.enumerated().map { (child: Int32($0.offset), parent: $0.element) } + descriptors)
        let code: Int32 =
            switch try ProcessDescriptor(process: pid).waitForEnd() {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return CommandResult(
            code: code, output: try Files.readText("\(base).out"), error: try Files.readText("\(base).err"))
    }
}
