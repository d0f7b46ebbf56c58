internal import ArgumentParser
internal import OCI

/// `bulkhead version`
struct Version: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Show the versions of the command and the daemon.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions

    func perform(_ client: DaemonClient) throws {
        let server: Result<JSON, CommandError>
        do throws(CommandError) {
            server = .success(try client.document(Request(.get, "/version")))
        } catch { server = .failure(error) }
        let own: JSON = .object([
            "Version": .string(BulkheadVersion.text), "ApiVersion": "1.51", "Os": "linux",
            "Endpoint": .string(client.endpoint.description),
        ])
        // Without a daemon the command's own version is still worth something.
        let document = JSON.object(["Client": own, "Server": (try? server.get()) ?? .null])
        switch options.format {
        case nil, "":
            var lines = [
                "Client:", " Version:      \(BulkheadVersion.text)", " API version:  1.51",
                " Endpoint:     \(client.endpoint)",
            ]
            if case .success(let version) = server {
                lines += [
                    "Server: \(version["Platform"]["Name"].text)", " Version:      \(version["Version"].text)",
                    " API version:  \(version["ApiVersion"].text) (at least \(version["MinAPIVersion"].text))",
                    " OS/Arch:      \(version["Os"].text)/\(version["Arch"].text)",
                    " Kernel:       \(version["KernelVersion"].text)",
                ]
            }
            for line in lines { try StandardStream.output.line(line) }
        case "json"?: try StandardStream.output.line(document.description)
        case let format?:
            try StandardStream.output.line(try Template(OutputFormat.unescaped(format)).rendered(document))
        }
        if case .failure(let error) = server { throw error }
    }
}

/// `bulkhead info`
struct Info: DaemonCommand {
    static let configuration = CommandConfiguration(abstract: "Show the daemon and its host.")
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: InspectOptions

    func perform(_ client: DaemonClient) throws {
        let body = try client.perform(Request(.get, "/info"))
        let info: JSON
        do { info = try JSON(parsing: body) } catch {
            throw CommandError.connection(doing: "read the daemon's answer", reason: error.description)
        }
        switch options.format {
        case nil, "": try Info.show(info)
        case "json"?: try StandardStream.output.line(String(decoding: body, as: UTF8.self))
        case let format?:
            try StandardStream.output.line(try Template(OutputFormat.unescaped(format)).rendered(info))
        }
    }

    private static func show(_ info: JSON) throws(CommandError) {
        let runtimes = info["Runtimes"].members.map(\.name).joined(separator: " ")
        let rows: [(String, String)] = [
            ("Containers", "\(info["Containers"].number)"),
            (" Running", "\(info["ContainersRunning"].number)"),
            (" Paused", "\(info["ContainersPaused"].number)"),
            (" Stopped", "\(info["ContainersStopped"].number)"),
            ("Images", "\(info["Images"].number)"),
            ("Server Version", info["ServerVersion"].text),
            ("Storage Driver", info["Driver"].text),
            ("Logging Driver", info["LoggingDriver"].text),
            ("Cgroup Driver", info["CgroupDriver"].text),
            ("Cgroup Version", info["CgroupVersion"].text),
            ("Runtimes", runtimes),
            ("Default Runtime", info["DefaultRuntime"].text),
            ("Security Options", info["SecurityOptions"].elements.map(\.text).joined(separator: " ")),
            ("Kernel Version", info["KernelVersion"].text),
            ("Operating System", info["OperatingSystem"].text),
            ("Architecture", info["Architecture"].text),
            ("CPUs", "\(info["NCPU"].number)"),
            ("Total Memory", Amounts.binarySize(info["MemTotal"].real)),
            ("Name", info["Name"].text),
            ("Root Dir", info["DockerRootDir"].text),
        ]
        for (name, value) in rows where !value.isEmpty { try StandardStream.output.line("\(name): \(value)") }
        try StandardStream.warn(info["Warnings"].elements.map(\.text))
    }
}
