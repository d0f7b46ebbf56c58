import Linux
import TestKit
import Testing

@testable import ContainerRuntime

/// Layers that are put together once for many containers.
@Suite(.blocking) struct MergedLayersTests {
    private func makeLayers(_ resources: TestResources) throws -> [String] {
        let paths = ["top", "middle", "bottom"].map { "\(resources.directory)/\($0)" }
        for (index, path) in paths.enumerated() {
            try Files.makeDirectories("\(path)/etc")
            try Files.write("\(path)/etc/name", Array("\(index)".utf8))
            try Files.write("\(path)/etc/only\(index)", Array("\(index)".utf8))
        }
        return paths
    }

    @Test func theTopmostLayerIsSeenAndTheOthersWhereItHasNothing() throws {
        try withTestResources { resources in
            let layers = try makeLayers(resources)
            var merged = MergedLayers(in: "\(resources.directory)/roots")
            let place = try merged.place(of: layers)
            defer { try? Mount.unmount(place, detach: true) }
            #expect(try Files.readText("\(place)/etc/name") == "0")
            for index in 0...2 { #expect(try Files.readText("\(place)/etc/only\(index)") == "\(index)") }
            #expect(throws: SystemError.self) { try Files.makeDirectory("\(place)/new") }
            try Mount.unmount(place, detach: true)
        }
    }

    @Test func theSameLayersAreMountedOnce() throws {
        try withTestResources { resources in
            let layers = try makeLayers(resources)
            var merged = MergedLayers(in: "\(resources.directory)/roots")
            let first = try merged.place(of: layers)
            defer { try? Mount.unmount(first, detach: true) }
            #expect(try merged.place(of: layers) == first)
            let second = try merged.place(of: [layers[2], layers[1]])
            defer { try? Mount.unmount(second, detach: true) }
            #expect(second != first)
            #expect(try Files.readText("\(second)/etc/name") == "2")
            #expect(try merged.place(of: [layers[0]]) == layers[0])
            try Mount.unmount(first, detach: true)
            try Mount.unmount(second, detach: true)
        }
    }

    /// Programs take two files with the same number on the same file system for one.
    @Test func filesOfDifferentLayersHaveDifferentNumbersInAnOverlayOfThem() throws {
        try withTestResources { resources in
            // Two file systems in memory give their files the same numbers.
            let layers = ["top", "bottom"].map { "\(resources.directory)/\($0)" }
            for (index, layer) in layers.enumerated() {
                try Files.makeDirectory(layer)
                try Mount.mount("none", at: layer, type: "tmpfs")
                try Files.write("\(layer)/file\(index)", [])
            }
            defer { for layer in layers { try? Mount.unmount(layer, detach: true) } }
            #expect(FileStatus("\(layers[0])/file0")?.inode == FileStatus("\(layers[1])/file1")?.inode)
            var merged = MergedLayers(in: "\(resources.directory)/roots")
            let place = try merged.place(of: layers)
            defer { try? Mount.unmount(place, detach: true) }
            for folder in ["upper", "work", "root"] { try Files.makeDirectory("\(resources.directory)/\(folder)") }
            let overlay = Overlay(
                lower: [place], upper: "\(resources.directory)/upper", work: "\(resources.directory)/work")
            let root = "\(resources.directory)/root"
            try Mount.attach(try overlay.mount(), on: try Descriptor.open(root, [.path, .directory]))
            let first = try #require(FileStatus("\(root)/file0"))
            let second = try #require(FileStatus("\(root)/file1"))
            #expect(first.device != second.device || first.inode != second.inode)
            for path in [root, place] + layers { try Mount.unmount(path, detach: true) }
        }
    }
}
