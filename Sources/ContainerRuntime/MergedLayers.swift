internal import Linux

/// Layers that are put together once for all containers that have the same: each container's overlay then has a single
/// one below it.
///
/// What an overlay asks the layers on the way to a file, name by name and layer by layer, it asks anew for every
/// container. Where layers are shared by a host each of those questions is a journey to it and back; the answers that
/// the layers' own overlay has got stay in the kernel's memory as long as it is mounted.
package struct MergedLayers {
    private let folder: String
    private var places: [[String]: String] = [:]

    /// Mounts them in a folder, which is made with the first ones.
    package init(in folder: String) { self.folder = folder }

    /// Where these layers, the topmost first, are found together. They stay mounted.
    package mutating func place(of layers: [String]) throws(RuntimeError) -> String {
        guard layers.count > 1 else { return layers.first ?? "/" }
        if let place = places[layers] { return place }
        let place = "\(folder)/\(places.count)"
        try step("put the layers together at \(place)") { () throws(SystemError) in
            try Files.makeDirectories(place)
            let present = try Descriptor.open(".", .directory)
            let tree = try Overlay(lower: layers, upper: nil, work: nil, hasUniqueNumbers: true).mount()
            try Program.changeDirectory(to: present)
            try Mount.attach(tree, on: try Descriptor.open(place, [.path, .directory]))
        }
        places[layers] = place
        return place
    }
}
