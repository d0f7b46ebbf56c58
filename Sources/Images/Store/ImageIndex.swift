import Linux
import OCI

/// What the store has, as one document that is replaced as a whole: what it does not name does not exist.
struct ImageIndex: Sendable {
    /// One image, as the document has it.
    struct Entry: Sendable, Equatable {
        var references: [String]
        var stored: Int64
        var diffIDs: [Digest]
    }

    var images: [Digest: Entry] = [:]
    var layers: [Digest: LayerRecord] = [:]
    var nextLayer = 1

    init() {}

    /// Reads it, or begins with nothing where there is none.
    init(path: String) throws(ImageError) {
        guard Files.exists(path) else { return }
        do {
            let document = JSONField(try JSON(parsing: try Files.read(path)))
            nextLayer = try document.required("nextLayer").number()
            for field in try document.required("layers").elements() {
                let layer = LayerRecord(
                    diffID: try ImageIndex.digest(field.required("diffID")),
                    number: try field.required("number").number(),
                    size: try field.required("size").number(), blob: try ImageIndex.digest(field.required("blob")))
                layers[layer.diffID] = layer
            }
            for field in try document.required("images").elements() {
                var diffIDs: [Digest] = []
                for layer in try field.required("layers").elements() { diffIDs.append(try ImageIndex.digest(layer)) }
                images[try ImageIndex.digest(field.required("id"))] = Entry(
                    references: try field.required("references").strings(),
                    stored: try field.required("stored").number(),
                    diffIDs: diffIDs)
            }
        } catch let error as JSONError {
            throw ImageError(path, error)
        } catch {
            throw .failed("read the index of images: \(error)")
        }
    }

    private static func digest(_ field: JSONField) throws(JSONError) -> Digest {
        guard let digest = Digest(try field.string()) else { throw field.error("must be a digest") }
        return digest
    }

    /// The document.
    var json: JSON {
        .object([
            "nextLayer": JSON(nextLayer),
            "layers": .array(
                layers.values.sorted { $0.number < $1.number }.map {
                    .object([
                        "diffID": .string("\($0.diffID)"), "number": JSON($0.number), "size": JSON($0.size),
                        "blob": .string("\($0.blob)"),
                    ])
                }),
            "images": .array(
                images.sorted { $0.key.hexadecimal < $1.key.hexadecimal }.map { id, entry in
                    .object([
                        "id": .string("\(id)"), "references": JSON(entry.references), "stored": JSON(entry.stored),
                        "layers": JSON(entry.diffIDs.map(\.description)),
                    ])
                }),
        ])
    }

    /// Writes it durably.
    func write(to path: String) throws(ImageError) {
        do { try Files.writeDurably(path, json.encoded) } catch { throw ImageError("write the index of images", error) }
    }

    /// Gives an image a name, which leaves the image that had it before.
    mutating func name(_ id: Digest, _ reference: Reference) {
        for (other, var entry) in images where entry.references.contains(reference.familiar) {
            entry.references.removeAll { $0 == reference.familiar }
            images[other] = entry
        }
        let names = images[id]?.references ?? []
        images[id]?.references = (names + [reference.familiar]).sorted()
    }

    /// The layers that no image has any more.
    var unusedLayers: [LayerRecord] {
        let used = Set(images.values.flatMap(\.diffIDs))
        return layers.values.filter { !used.contains($0.diffID) }
    }
}
