// swift-tools-version: 6.2
// Bulkhead: applications in containers, in virtual machines, and in containers inside virtual machines.
//
// Two sides share only Wire, OCI and Linux (`make lint` checks the arrows):
//  - the daemon's side (bulkheadd, bulkhead): NIO, Foundation, GRDB are welcome;
//  - the static side (monitor, runtime, guest, vmm): no NIO, no Foundation, linked into static executables.
//    Runtime, monitor and agent ship in Embedded Swift, from the same sources (scripts/embedded.mk); what this makes of
//    them takes the least time to build.
import PackageDescription

/// Settings of every target: Swift 6 language mode comes with the tools version.
let common: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Modules that handle raw memory or kernel structures mark every unsafe expression.
let strict: [SwiftSetting] = common + [.strictMemorySafety()]

/// What carries guests is optimised in every configuration: on the emulated processor of the tests' own machine its
/// tests would last twice as long.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Modules of the static side have neither regular expressions nor tasks: what nobody imports is not linked, which takes
/// an eighth off each program.
let small: [SwiftSetting] = [
    .unsafeFlags([
        "-Xfrontend", "-disable-implicit-string-processing-module-import", "-Xfrontend",
        "-disable-implicit-concurrency-module-import",
    ])
]

/// Executables that run once per container, per machine or inside a guest need no shared library at all.
/// lld does not report glibc's link-time notes about dlopen, which a static executable here never calls.
let fullyStatic: [LinkerSetting] = [.unsafeFlags(["-static-executable", "-use-ld=lld"])]

/// Programs that enter containers begin in CProtectedStart.
let protected: [LinkerSetting] = fullyStatic + [.unsafeFlags(["-Xlinker", "--entry=bh_protected_start"])]

/// The command starts in 2 ms instead of 20 when Swift's own libraries need not be loaded and relocated.
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(["-static-stdlib", "-use-ld=lld"]), .linkedLibrary("_FoundationCollections"),
    .linkedLibrary("_FoundationCShims"), .linkedLibrary("swiftSynchronization"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]

// Swift 6.3's optimiser crashes on coroutines of DockerAPI where it inlines as much as -O does.
let smallCode: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

let package = Package(
    name: "bulkhead",
    products: [
        .executable(name: "bulkheadd", targets: ["bulkheadd"]),
        .executable(name: "bulkhead", targets: ["bulkhead"]),
        .executable(name: "bulkhead-monitor", targets: ["bulkhead-monitor"]),
        .executable(name: "bulkhead-runtime", targets: ["bulkhead-runtime"]),
        .executable(name: "bulkhead-guest", targets: ["bulkhead-guest"]),
        .executable(name: "bulkhead-vmm", targets: ["bulkhead-vmm"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Shared by both sides.
        .target(name: "CLinux"),
        .target(name: "CProtectedStart", dependencies: ["CLinux"]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: strict + small),
        .target(name: "OCI", swiftSettings: common + small),
        .target(name: "Wire", dependencies: ["OCI"], swiftSettings: strict + small),

        // The static side.
        .target(name: "Seccomp", dependencies: ["CSeccomp", "Linux", "OCI"], swiftSettings: common + small),
        .target(name: "ContainerRuntime", dependencies: ["Linux", "OCI"], swiftSettings: common + small),
        .target(
            name: "Monitor", dependencies: ["ContainerRuntime", "Linux", "OCI", "Wire"],
            swiftSettings: common + small),
        .target(
            name: "GuestAgent", dependencies: ["ContainerRuntime", "Linux", "Monitor", "OCI", "Wire"],
            swiftSettings: common + small),
        .target(
            name: "VMM", dependencies: ["CLinux", "Linux", "OCI", "Wire"], swiftSettings: strict + small + optimized),
        .executableTarget(
            name: "bulkhead-monitor", dependencies: ["CProtectedStart", "Monitor"], swiftSettings: common + small,
            linkerSettings: protected),
        .executableTarget(
            name: "bulkhead-guest", dependencies: ["GuestAgent"], swiftSettings: common + small,
            linkerSettings: fullyStatic),
        .executableTarget(
            name: "bulkhead-vmm", dependencies: ["VMM"], swiftSettings: common + small, linkerSettings: fullyStatic),
        .executableTarget(
            name: "bulkhead-runtime",
            dependencies: ["CProtectedStart", "ContainerRuntime", "Linux", "OCI", "Seccomp"],
            swiftSettings: common + small, linkerSettings: protected),

        // The daemon's side.
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CNftables", pkgConfig: "libnftables", providers: [.apt(["libnftables-dev"])]),
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        .target(name: "Images", dependencies: ["CArchive", "CNettle", "Linux", "OCI"], swiftSettings: common),
        .target(name: "Networks", dependencies: ["CNftables", "Linux"], swiftSettings: common),
        .target(name: "Machines", dependencies: ["CArchive", "Linux", "OCI", "Wire"], swiftSettings: common),
        .target(
            name: "Engine",
            dependencies: [
                "Images", "Linux", "Machines", "Networks", "OCI", "Seccomp", "Wire",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: common),
        .target(name: "DockerModels", dependencies: ["OCI"], swiftSettings: common),
        .target(
            name: "DockerAPI",
            dependencies: [
                "DockerModels", "Engine", "Images", "Linux", "OCI", "Wire",
                .product(name: "Logging", package: "swift-log"),
            ] + nio, swiftSettings: common + smallCode),
        .executableTarget(
            name: "bulkheadd",
            dependencies: [
                "DockerAPI", "Engine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: common),
        .target(
            name: "BulkheadCommands",
            dependencies: [
                "DockerModels", "Linux", "OCI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: common),
        .executableTarget(
            name: "bulkhead", dependencies: ["BulkheadCommands"], swiftSettings: common,
            linkerSettings: staticRuntime),

        // Tests: one target a module, the real kernel, and everything together through the real clients.
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "BulkheadCommands", "DockerModels", "Linux", "OCI", "TestKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: common),
        .testTarget(name: "ImagesTests", dependencies: ["Images", "OCI", "TestKit"], swiftSettings: common),
        .testTarget(name: "DockerModelsTests", dependencies: ["DockerModels", "OCI"], swiftSettings: common),
        .testTarget(
            name: "DockerAPITests", dependencies: ["DockerAPI", "DockerModels", "Engine", "OCI", "Wire"] + nio,
            swiftSettings: common),
        .testTarget(name: "EndToEndTests", dependencies: ["Networks", "TestKit"], swiftSettings: common),
        .testTarget(
            name: "MachinesTests", dependencies: ["Linux", "Machines", "OCI", "Wire"], swiftSettings: common),
        .testTarget(
            name: "GuestAgentTests", dependencies: ["GuestAgent", "Linux", "TestKit", "Wire"], swiftSettings: common),
        // The guest is compiled by the tests themselves.
        .testTarget(
            name: "VMMTests", dependencies: ["CLinux", "Linux", "OCI", "TestKit", "VMM", "Wire"],
            exclude: ["Guest", "Allocations/counter.c"],
            swiftSettings: common),
        .testTarget(
            name: "VMTests", dependencies: ["Linux", "OCI", "TestKit", "VMM", "Wire"], swiftSettings: common),
        .testTarget(
            name: "MonitorTests", dependencies: ["Linux", "Monitor", "OCI", "TestKit", "Wire"], swiftSettings: common),
        .testTarget(name: "WireTests", dependencies: ["OCI", "Wire"], swiftSettings: common),
        .testTarget(name: "NetworksTests", dependencies: ["Linux", "Networks"], swiftSettings: common),
        .target(name: "TestKit", dependencies: ["Linux"], path: "Tests/TestKit", swiftSettings: common),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Engine", "Linux", "OCI", "TestKit", "Wire", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        .executableTarget(
            name: "attacker", dependencies: ["CLinux", "Linux"], path: "Tests/Attacker", swiftSettings: common,
            linkerSettings: fullyStatic),
        .testTarget(name: "OCITests", dependencies: ["OCI"], swiftSettings: common),
        .testTarget(
            name: "ContainerRuntimeTests", dependencies: ["ContainerRuntime", "Linux", "OCI", "TestKit"],
            swiftSettings: common),
        .testTarget(
            name: "LinuxTests", dependencies: ["Linux", "TestKit"], exclude: ["Heap/workload.c"], swiftSettings: common),
        .testTarget(name: "SeccompTests", dependencies: ["Linux", "OCI", "Seccomp"], swiftSettings: common),
        .testTarget(name: "PeerTests", dependencies: ["Linux", "TestKit"], swiftSettings: common),
        .testTarget(name: "KernelTests", dependencies: ["Linux", "Networks", "OCI", "TestKit"], swiftSettings: common),
    ]
)
