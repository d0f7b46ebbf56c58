internal import OCI

extension ContainerSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            id: try field.required("id").string(),
            specification: try field.required("specification").string(),
            root: try RootFilesystem(field.required("root")))
        if let filter = try field.optional("seccompFilter") {
            guard let bytes = Hexadecimal.decode(try filter.string()) else {
                throw filter.error("must be hexadecimal digits")
            }
            seccompFilter = bytes
        }
        files = try field.values("files")
        standardInput = try field.word("standardInput") ?? .none
        if let socket = try field.text("remoteSocket") { executor = .remote(socket: socket) }
        log = try field.value("log")
        exitRecordPath = try field.text("exitRecordPath")
        for element in try field.optional("inheritedDescriptors")?.elements() ?? [] {
            inheritedDescriptors.append(try element.number())
        }
    }

    var json: JSON {
        var socket: String?
        if case .remote(let path) = executor { socket = path }
        return .members([
            "id": .string(id), "specification": .string(specification), "root": root.json,
            "seccompFilter": .text(seccompFilter.map(Hexadecimal.encode)), "files": .list(files),
            "standardInput": .string(standardInput.rawValue), "remoteSocket": .text(socket), "log": log?.json,
            "exitRecordPath": .text(exitRecordPath),
            "inheritedDescriptors": inheritedDescriptors.isEmpty ? nil : .array(inheritedDescriptors.map { JSON($0) }),
        ])
    }
}

extension RootFilesystem: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        if let directory = try field.text("directory") {
            self = .directory(directory)
        } else {
            self = .overlay(
                lower: try field.required("lower").strings(), upper: try field.text("upper"),
                work: try field.text("work"), isTransient: try field.flag("transient"))
        }
    }

    var json: JSON {
        switch self {
        case .directory(let path): ["directory": .string(path)]
        case .overlay(let lower, let upper, let work, let isTransient):
            .members([
                "lower": JSON(lower), "upper": .text(upper), "work": .text(work), "transient": .flag(isTransient),
            ])
        }
    }
}

extension FileSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            destination: try field.required("destination").string(), content: try field.required("content").string())
    }

    var json: JSON { ["destination": .string(destination), "content": .string(content)] }
}

extension LogSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            path: try field.required("path").string(),
            maximumSize: try field.optional("maximumSize")?.number(),
            maximumFiles: try field.number("maximumFiles", default: 1))
    }

    var json: JSON {
        .members([
            "path": .string(path), "maximumSize": maximumSize.map { JSON($0) }, "maximumFiles": JSON(maximumFiles),
        ])
    }
}

extension InterfaceSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            name: try field.required("name").string(),
            hardwareAddress: try field.required("hardwareAddress").string(),
            addresses: try field.texts("addresses"), gateway: try field.text("gateway"),
            mtu: try field.number("mtu", default: 1500), guestBridge: try field.flag("guestBridge"))
    }

    var json: JSON {
        .members([
            "name": .string(name), "hardwareAddress": .string(hardwareAddress), "addresses": JSON(addresses),
            "gateway": .text(gateway), "mtu": JSON(mtu), "guestBridge": .flag(guestBridge),
        ])
    }
}

extension AttachSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(input: try field.flag("input"), output: try field.flag("output"), error: try field.flag("error"))
    }

    var json: JSON { .members(["input": .flag(input), "output": .flag(output), "error": .flag(error)]) }
}

extension ExecSetup: WireValue {
    init(_ field: JSONField) throws(JSONError) {
        self.init(
            id: try field.required("id").string(), process: try field.required("process").string(),
            streams: try field.value("streams") ?? AttachSetup(input: false, output: false, error: false))
    }

    var json: JSON { ["id": .string(id), "process": .string(process), "streams": streams.json] }
}
