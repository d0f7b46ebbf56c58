public import OCI

extension MachineSetup: WireValue {
    /// Reads a setup.
    ///
    /// - Throws: `JSONError` naming the member that is wrong.
    public init(_ field: JSONField) throws(JSONError) {
        self.init(
            accelerator: try field.required("accelerator").string(),
            emulator: try field.text("emulator"),
            processors: try field.required("processors").number(),
            memory: try field.required("memory").number(),
            kernel: try field.required("kernel").string(),
            initrd: try field.required("initrd").string(),
            commandLine: try field.required("commandLine").string(),
            guestSocket: try field.required("guestSocket").string(),
            controlSocket: try field.required("controlSocket").string())
        image = try field.text("image")
        disk = try field.text("disk")
        shares = try field.values("shares")
        shareServer = try field.text("shareServer")
        hardwareAddress = try field.text("hardwareAddress")
        tap = try field.optional("tap")?.number()
        user = try field.text("user")
        bootDeadline = try field.number("bootDeadline", default: 60)
    }

    /// The setup as a document.
    public var json: JSON {
        .members([
            "accelerator": .string(accelerator), "emulator": .text(emulator), "processors": JSON(processors),
            "memory": JSON(memory), "kernel": .string(kernel), "initrd": .string(initrd),
            "commandLine": .string(commandLine), "guestSocket": .string(guestSocket),
            "controlSocket": .string(controlSocket), "image": .text(image), "disk": .text(disk),
            "shares": .list(shares), "shareServer": .text(shareServer), "hardwareAddress": .text(hardwareAddress),
            "tap": tap.map { JSON($0) }, "user": .text(user), "bootDeadline": JSON(bootDeadline),
        ])
    }
}

extension MachineSetup.SharedFolder: WireValue {
    /// Reads a shared folder.
    ///
    /// - Throws: `JSONError` naming the member that is wrong.
    public init(_ field: JSONField) throws(JSONError) {
        self.init(
            tag: try field.required("tag").string(), folder: try field.required("folder").string(),
            isConstant: try field.flag("isConstant"))
    }

    /// The folder as a document.
    public var json: JSON {
        ["tag": .string(tag), "folder": .string(folder), "isConstant": .bool(isConstant)]
    }
}
