internal import ArgumentParser
internal import OCI

/// `bulkhead ps`
struct List: DaemonCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List containers.",
        discussion: """
            EXAMPLES:
              bulkhead ps -a
              bulkhead ps --filter label=app=web --format '{{.ID}} {{.Names}}'
              bulkhead ps --format 'table {{.Names}}\\t{{.Status}}'
            """,
        aliases: ["ls", "list"])

    @ParentCommand var bulkhead: Bulkhead
    @Flag(name: .shortAndLong, help: "Show those too that do not run") var all = false
    @Flag(name: .shortAndLong, help: "Show the one made last only") var latest = false
    @Option(name: [.customShort("n"), .customLong("last")], parsing: .unconditional, help: "Show the last so many")
    var last: Int?
    @Flag(name: .shortAndLong, help: "Show sizes") var size = false
    @Flag(name: .customLong("no-trunc"), help: "Do not shorten anything") var whole = false
    @OptionGroup var list: ListOptions

    func perform(_ client: DaemonClient) throws {
        let limit = latest ? 1 : last.flatMap { $0 > 0 ? $0 : nil }
        let format = try list.outputFormat()
        let wantsSize: Bool =
            switch format {
            case .template(let template), .templateTable(let template): template.fields.contains("Size")
            case .table, .json, .quiet: false
            }
        let containers = try client.document(
            Request(
                .get, "/containers/json",
                query: [
                    ("all", all || limit != nil ? "1" : nil), ("limit", limit.map { "\($0)" }),
                    ("size", size || wantsSize ? "1" : nil), ("filters", try list.filters()),
                ]))
        var columns: [Listing.Column] = [
            .init("CONTAINER ID", "ID"), .init("IMAGE", "Image"), .init("COMMAND", "Command"),
            .init("CREATED", "RunningFor"), .init("STATUS", "Status"), .init("PORTS", "Ports"),
            .init("NAMES", "Names"),
        ]
        if size { columns.append(.init("SIZE", "Size")) }
        var listing = Listing(
            columns: columns, furtherTitles: ["CreatedAt": "CREATED AT", "State": "STATE", "Mounts": "MOUNTS"],
            identifier: "ID")
        listing.rows = containers.elements.map { ContainerRow.row($0, whole: whole) }
        try listing.show(format)
    }
}

/// One container as the list shows it.
enum ContainerRow {
    static func row(_ container: JSON, whole: Bool, now: Int64 = Amounts.now) -> JSON {
        let id = container["Id"].text
        let command = whole ? container["Command"].text : Table.shortened(container["Command"].text, to: 20)
        let created = container["Created"].number
        let names = container["Names"].elements.map { String($0.text.drop { $0 == "/" }) }
        let mounts = container["Mounts"].elements.map { mount in
            let name = mount["Name"].text.isEmpty ? mount["Source"].text : mount["Name"].text
            return whole ? name : Table.shortened(name, to: 15)
        }
        let labels = container["Labels"].members.map { "\($0.name)=\($0.value.text)" }
        let (written, virtual) = (container["SizeRw"].real, container["SizeRootFs"].real)
        let size = Amounts.decimalSize(written) + (virtual > 0 ? " (virtual \(Amounts.decimalSize(virtual)))" : "")
        let image = container["Image"].text
        return .object([
            "ID": .string(whole ? id : String(id.prefix(12))),
            "Image": .string(image.hasPrefix("sha256:") && !whole ? String(image.dropFirst(7).prefix(12)) : image),
            "Command": .string(JSON.string(command).description),
            "CreatedAt": .string(Amounts.moment(created)),
            "RunningFor": .string(Amounts.duration(seconds: now - created) + " ago"),
            "Status": container["Status"], "State": container["State"],
            "Ports": .string(PortText.list(container["Ports"].elements)),
            "Names": .string(names.joined(separator: ",")),
            "Labels": .string(labels.joined(separator: ",")),
            "Mounts": .string(mounts.joined(separator: ",")),
            "Networks": .string(container["NetworkSettings"]["Networks"].members.map(\.name).joined(separator: ",")),
            "LocalVolumes": .string(
                String(container["Mounts"].elements.count { $0["Type"] == "volume" && $0["Driver"] != "" })),
            "Size": .string(size),
        ])
    }
}

/// `0.0.0.0:8080->80/tcp, 53/udp`
enum PortText {
    static func list(_ ports: [JSON]) -> String {
        ports
            .sorted {
                ($0["PrivatePort"].number, $0["PublicPort"].number, $0["Type"].text, $0["IP"].text)
                    < ($1["PrivatePort"].number, $1["PublicPort"].number, $1["Type"].text, $1["IP"].text)
            }
            .map { port in
                let inside = "\(port["PrivatePort"].number)/\(port["Type"].text)"
                guard port["PublicPort"].number > 0 else { return inside }
                let address = port["IP"].text
                let host = address.contains(":") ? "[\(address)]" : address
                return "\(host):\(port["PublicPort"].number)->\(inside)"
            }
            .joined(separator: ", ")
    }
}
