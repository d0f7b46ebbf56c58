import OCI

extension ImageProcess {
    /// Applies one instruction of `docker import --change`, in the Dockerfile's words.
    mutating func apply(_ change: String) throws(ImageError) {
        let parts = change.split(separator: " ", maxSplits: 1).map(String.init)
        guard let instruction = parts.first?.uppercased(), parts.count == 2 else {
            throw .invalidArchive("--change \(change): expected an instruction and its value")
        }
        let value = parts[1].trimmed
        switch instruction {
        case "CMD": command = try ImageProcess.commandLine(value)
        case "ENTRYPOINT": entrypoint = try ImageProcess.commandLine(value)
        case "ENV":
            for (name, value) in try DockerfileWords.pairs(value) {
                environment.removeAll { $0.hasPrefix("\(name)=") }
                environment.append("\(name)=\(value)")
            }
        case "LABEL": for (name, value) in try DockerfileWords.pairs(value) { labels[name] = value }
        case "EXPOSE": exposedPorts += value.split(separator: " ").map { $0.contains("/") ? "\($0)" : "\($0)/tcp" }
        case "USER": user = value
        case "WORKDIR": workingDirectory = value
        case "VOLUME":
            volumes +=
                value.hasPrefix("[")
                ? try ImageProcess.commandLine(value) : value.split(separator: " ").map(String.init)
        case "STOPSIGNAL": stopSignal = value
        case "ONBUILD": onBuild.append(value)
        default: throw .invalidArchive("--change \(change): \(instruction) is not a valid change instruction")
        }
    }

    /// `["program", "argument"]`, or a line for the shell.
    private static func commandLine(_ text: String) throws(ImageError) -> [String] {
        guard text.hasPrefix("[") else { return ["/bin/sh", "-c", text] }
        do { return try JSONField(JSON(parsing: text)).strings() } catch { throw ImageError("--change \(text)", error) }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
