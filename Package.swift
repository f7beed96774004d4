// swift-tools-version: 6.2
import PackageDescription

/// Every room of the house is built under the same rules.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

/// With `KUMIKO_ROOMS=core` only the pure rooms are built: no dependency, no network. With `KUMIKO_ROOMS=sky` only those
/// of tracking, exercises and scores: half a minute. With `KUMIKO_ROOMS=lattice` those of release and ledger.
let rooms = Context.environment["KUMIKO_ROOMS"]
let coreOnly = rooms == "core" || rooms == "fuzz" || rooms == "sky"

func room(_ name: String, on below: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: below, resources: resources, swiftSettings: house)
}

func tests(_ name: String, _ of: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: of, resources: resources, swiftSettings: house)
}

// An arrow only ever points down; docs/decisions/0001-the-house.md says what each room is for.
let sky: [Target] = [
    room("Geodesy"),
    room("Air", on: ["Geodesy"]),
    room("Tracking", on: ["Air", "Geodesy"]),
    room("Scoring", on: ["Geodesy"]),
    room("Exercises", on: ["Air", "Geodesy", "Scoring"]),
    .target(name: "Allocations", path: "Benchmarks/Allocations"),
    .target(name: "BenchSupport", path: "Benchmarks/Support", swiftSettings: house),
    .target(
        name: "Region", dependencies: ["Air", "Exercises", "Geodesy"], path: "Benchmarks/Region", swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench-tracker",
        dependencies: ["Air", "Allocations", "BenchSupport", "Exercises", "Geodesy", "Region", "Scoring", "Tracking"],
        path: "Benchmarks/Tracker", swiftSettings: house),
    tests("GeodesyTests", ["Geodesy"]),
    tests("AirTests", ["Air", "Geodesy"]),
    tests("TrackingTests", ["Tracking", "Air", "Geodesy"]),
    tests("ExercisesTests", ["Exercises", "Air", "Geodesy", "Scoring"]),
    tests("ScoringTests", ["Scoring", "Exercises", "Geodesy"]),
]

let core: [Target] = [
    room("SensorFormats", on: ["Air", "Geodesy"]),
    room("Plausibility", on: ["Air", "Geodesy"]),
    .target(
        name: "FuzzTargets", dependencies: ["Air", "Geodesy", "SensorFormats"], path: "Fuzzing/Targets",
        swiftSettings: house),
    .executableTarget(
        name: "kumiko-fuzz", dependencies: ["FuzzTargets"], path: "Fuzzing/Seeded", swiftSettings: house),
    .executableTarget(
        name: "GenerateAsterix", dependencies: ["SensorFormats"], path: "Tools/GenerateAsterix", swiftSettings: house),
    .executableTarget(
        name: "kumiko-frames", dependencies: ["Air", "SensorFormats"], path: "Tools/Frames", swiftSettings: house),
    .target(
        name: "GuardTrials",
        dependencies: ["Air", "BenchSupport", "Exercises", "Geodesy", "Plausibility", "SensorFormats", "Tracking"],
        path: "Benchmarks/Guard", swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench-decode",
        dependencies: [
            "Air", "Allocations", "BenchSupport", "Exercises", "GuardTrials", "Plausibility", "SensorFormats",
        ],
        path: "Benchmarks/Decode", swiftSettings: house),
    .target(
        name: "RecordingTrials",
        dependencies: ["Air", "Exercises", "Geodesy", "Plausibility", "SensorFormats", "Tracking"],
        path: "Benchmarks/Recordings/Trials", swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench-recordings",
        dependencies: ["Air", "BenchSupport", "Exercises", "Geodesy", "RecordingTrials"],
        path: "Benchmarks/Recordings/Program", swiftSettings: house),
    tests("RecordingTests", ["RecordingTrials", "Air", "Exercises"]),
    tests("FuzzTests", ["FuzzTargets"]),
    tests("SensorFormatsTests", ["SensorFormats", "Air", "Geodesy", "GenerateAsterix"]),
    tests("PlausibilityTests", ["Plausibility", "Air", "Exercises", "Geodesy", "GuardTrials", "Tracking"]),
]

/// With `KUMIKO_ROOMS=fuzz` the pure rooms and the program that libFuzzer drives: scripts/fuzz_guided.sh adds the sanitizers.
let guided: [Target] = [
    .target(name: "CFuzz", path: "Fuzzing/CFuzz"),
    .executableTarget(
        name: "kumiko-fuzz-guided", dependencies: ["CFuzz", "FuzzTargets"], path: "Fuzzing/Guided", swiftSettings: house
    ),
]

/// What nations share, by which rule, and the proof of it.
let lattice: [Target] = [
    room("Releasability", on: ["Air", "Geodesy"]),
    room("MessageFormats", on: ["Air", "Geodesy", "Releasability"]),
    room("Ledger", on: ["Air", .product(name: "Crypto", package: "swift-crypto")]),
    .executableTarget(
        name: "kumiko-bench-release",
        dependencies: ["Air", "Allocations", "BenchSupport", "Geodesy", "Releasability"],
        path: "Benchmarks/Release", swiftSettings: house),
    tests("ReleasabilityTests", ["Releasability", "Air", "Geodesy"]),
    tests("MessageFormatsTests", ["MessageFormats", "Releasability", "Air", "Geodesy"]),
    .executableTarget(
        name: "kumiko-bench-ledger",
        dependencies: ["Air", "BenchSupport", "Ledger", .product(name: "Crypto", package: "swift-crypto")],
        path: "Benchmarks/Ledger", swiftSettings: house),
    tests("LedgerTests", ["Ledger", "Air", .product(name: "Crypto", package: "swift-crypto")]),
]
/// What they rest on, for those who build them alone.
let latticeBase = sky.filter { ["Geodesy", "Air", "AirTests", "Allocations", "BenchSupport"].contains($0.name) }

let shell: [Target] = [
    // What of the C library the language does not bring: recvmmsg.
    .target(name: "CDatagrams"),
    room(
        "Transport",
        on: [
            "CDatagrams",
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        ]),
    room("Storage", on: ["Air", "Geodesy", .product(name: "GRDB", package: "GRDB.swift")]),
    room(
        "Node",
        on: [
            "Air", "Exercises", "Geodesy", "Plausibility", "Releasability", "SensorFormats", "Storage", "Tracking",
            "Transport",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Yams", package: "Yams"),
        ]),
    room(
        "Web",
        on: [
            "Air", "Geodesy", "Node", "SensorFormats", "Storage",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ], resources: [.copy("Map"), .copy("openapi.json")]),
    .executableTarget(
        name: "kumiko",
        dependencies: [
            "Air", "Exercises", "Geodesy", "Node", "Scoring", "SensorFormats", "Tracking", "Web",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ],
        swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench",
        dependencies: [
            "Air", "BenchSupport", "CDatagrams", "Exercises", "Geodesy", "Node", "Region", "SensorFormats", "Tracking",
            "Transport", "Web",
        ],
        path: "Benchmarks/Node", swiftSettings: house),
    tests(
        "TransportTests",
        [
            "Transport", .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ]),
    tests("StorageTests", ["Storage", "Air", "Geodesy", .product(name: "GRDB", package: "GRDB.swift")]),
    tests(
        "NodeTests",
        [
            "Node", "Air", "Exercises", "Geodesy", "Releasability", "SensorFormats", "Tracking", "Transport",
            .product(name: "Logging", package: "swift-log"),
        ]),
    tests(
        "WebTests",
        [
            "Web", "Node", "Air", "Geodesy", "SensorFormats", "Storage",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ]),
    tests("HouseTests", []),
]

let crypto = Package.Dependency.package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2")

let package = Package(
    name: "kumiko",
    dependencies: coreOnly
        ? []
        : rooms == "lattice"
            ? [crypto]
            : [
                .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
                .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
                .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
                .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
                .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
                .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
                .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
                .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
                crypto,
            ],
    targets: rooms == "sky"
        ? sky
        : rooms == "lattice"
            ? latticeBase + lattice : sky + core + (rooms == "fuzz" ? guided : coreOnly ? [] : lattice + shell)
)
