internal import ArgumentParser
internal import OCI

/// `bulkhead images`
struct Images: DaemonCommand {
    static let configuration = CommandConfiguration(
        abstract: "List images.",
        discussion: """
            EXAMPLES:
              bulkhead images
              bulkhead images -q box
              bulkhead images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
            """)
    @ParentCommand var bulkhead: Bulkhead
    @OptionGroup var options: ImageListOptions

    func perform(_ client: DaemonClient) throws { try options.perform(client) }
}

/// Options of `images` and `image ls`.
struct ImageListOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Show intermediate images too") var all = false
    @Flag(help: "Show digests") var digests = false
    @Flag(name: .customLong("no-trunc"), help: "Do not shorten anything") var whole = false
    @OptionGroup var list: ListOptions
    @Argument(help: "Show only those of this repository, or with this tag.") var reference: String?

    func perform(_ client: DaemonClient) throws {
        let filters = try list.filters(adding: reference.map { ["reference=\($0)"] } ?? [])
        let images = try client.document(
            Request(.get, "/images/json", query: [("all", all ? "1" : nil), ("filters", filters)]))
        var columns: [Listing.Column] = [
            .init("REPOSITORY", "Repository"), .init("TAG", "Tag"), .init("IMAGE ID", "ID"),
            .init("CREATED", "CreatedSince"), .init("SIZE", "Size"),
        ]
        if digests { columns.insert(.init("DIGEST", "Digest"), at: 2) }
        var listing = Listing(
            columns: columns, furtherTitles: ["CreatedAt": "CREATED AT", "Digest": "DIGEST"], identifier: "ID")
        listing.rows = images.elements.flatMap { ImageRow.rows($0, whole: whole) }
        let format = try list.outputFormat()
        if case .quiet = format {
            var seen: Set<String> = []
            listing.rows.removeAll { !seen.insert($0["ID"].text).inserted }
        }
        try listing.show(format)
    }
}

/// One image as the list shows it: a row for each of its names.
enum ImageRow {
    static func rows(_ image: JSON, whole: Bool, now: Int64 = Amounts.now) -> [JSON] {
        let id = image["Id"].text
        let created = image["Created"].number
        let tags = image["RepoTags"].elements.map(\.text).filter { $0 != "<none>:<none>" }
        let digests = image["RepoDigests"].elements.map(\.text)
        let containers = image["Containers"].number
        return (tags.isEmpty ? ["<none>:<none>"] : tags).map { tag in
            let (repository, name) = split(tag)
            let digest = digests.first { $0.hasPrefix(repository + "@") }
            let short = id.hasPrefix("sha256:") ? String(id.dropFirst(7).prefix(12)) : String(id.prefix(12))
            return .object([
                "Repository": .string(repository), "Tag": .string(name),
                "Digest": .string(digest.map { String($0.drop { $0 != "@" }.dropFirst()) } ?? "<none>"),
                "ID": .string(whole ? id : short),
                "CreatedSince": .string(created > 0 ? Amounts.duration(seconds: now - created) + " ago" : "N/A"),
                "CreatedAt": .string(Amounts.moment(created)),
                "Size": .string(Amounts.decimalSize(image["Size"].real)),
                "VirtualSize": .string(Amounts.decimalSize(image["Size"].real)),
                "Containers": .string(containers < 0 ? "N/A" : String(containers)),
                "SharedSize": "N/A", "UniqueSize": "N/A",
            ])
        }
    }

    /// A port of the registry is no tag.
    private static func split(_ reference: String) -> (String, String) {
        guard let colon = reference.lastIndex(of: ":"), !reference[colon...].contains("/") else {
            return (reference, "<none>")
        }
        return (String(reference[..<colon]), String(reference[reference.index(after: colon)...]))
    }
}
