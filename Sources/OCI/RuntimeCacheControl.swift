/// Shares of processor caches and memory bandwidth, by the kernel's resctrl file system: `linux.intelRdt`.
public struct RuntimeCacheControl: Sendable, Equatable {
    /// The class of service: a directory of resctrl, `/` for the default one; nil: one of the container's own.
    public var classOfService: String?
    /// Lines for the file `schemata`, in the order in which they are written.
    public var schemata: [String] = []
    /// Whether the container gets a monitoring group.
    public var isMonitored = false

    init(_ field: JSONField) throws(JSONError) {
        if let name = try field.optional("closID"), try !name.string().isEmpty {
            classOfService = try name.string()
            guard let text = classOfService, text == "/" || (!text.contains("/") && text != "." && text != "..") else {
                throw name.error("must be / or the name of a directory")
            }
        }
        for (name, prefix) in [("l3CacheSchema", ""), ("memBwSchema", "MB:")] {
            guard let schema = try field.optional(name), try !schema.string().isEmpty else { continue }
            let text = try schema.string()
            guard text.hasPrefix(prefix), !text.contains("\n") else {
                throw schema.error("must be one line that begins with \(prefix.isEmpty ? "L3:" : prefix)")
            }
            schemata.append(text)
        }
        for line in try field.optional("schemata")?.elements() ?? [] {
            let text = try line.string()
            guard !text.contains("\n") else { throw line.error("must be one line") }
            schemata.append(text)
        }
        isMonitored = try field.optional("enableMonitoring")?.bool() ?? false
    }

    var json: JSON {
        .members([
            "closID": classOfService.map { .string($0) }, "schemata": schemata.isEmpty ? nil : JSON(schemata),
            "enableMonitoring": isMonitored ? true : nil,
        ])
    }
}
