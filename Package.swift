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

/// With `KUMIKO_ROOMS` only a part of the house is built, with the packages that it needs and no other: `core` is the pure
/// rooms, without any; `sky` those of tracking, exercises and scores; `lattice` those of release, ledger and federation;
/// `fuzz` what libFuzzer drives; else the names of targets, with commas between, and what they rest on.
let rooms = Context.environment["KUMIKO_ROOMS"]

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
    room("Disclosure", on: ["Air", "Ledger", "Releasability"]),
    room(
        "Federation",
        on: [
            "Air", "Disclosure", "Geodesy", "Ledger", "Releasability",
            .product(name: "Crypto", package: "swift-crypto"),
        ]),
    .target(
        name: "Alliance",
        dependencies: ["Air", "Disclosure", "Exercises", "Federation", "Geodesy", "Ledger", "Releasability"],
        path: "Simulation/Alliance", swiftSettings: house),
    .executableTarget(
        name: "kumiko-simulate", dependencies: ["Alliance", "BenchSupport"], path: "Simulation/Program",
        swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench-release",
        dependencies: ["Air", "Allocations", "BenchSupport", "Geodesy", "Releasability"],
        path: "Benchmarks/Release", swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench-federation",
        dependencies: ["Air", "BenchSupport", "Federation", "Geodesy", "Ledger", "Releasability"],
        path: "Benchmarks/Federation", swiftSettings: house),
    tests("ReleasabilityTests", ["Releasability", "Air", "Geodesy"]),
    tests("MessageFormatsTests", ["MessageFormats", "Releasability", "Air", "Geodesy"]),
    tests("LedgerTests", ["Ledger", "Air", .product(name: "Crypto", package: "swift-crypto")]),
    tests("DisclosureTests", ["Disclosure", "Air", "Ledger", "Releasability"]),
    tests("FederationTests", ["Federation", "Air", "Disclosure", "Geodesy", "Ledger", "Releasability"]),
    tests("AllianceTests", ["Alliance", "Air", "Federation"]),
]

let shell: [Target] = [
    // What of the C library the language does not bring: recvmmsg.
    .target(name: "CDatagrams"),
    room(
        "Transport",
        on: [
            "CDatagrams",
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        ]),
    room("Storage", on: ["Air", "Geodesy", "Ledger", .product(name: "GRDB", package: "GRDB.swift")]),
    .executableTarget(
        name: "kumiko-bench-ledger",
        dependencies: [
            "Air", "Allocations", "BenchSupport", "Disclosure", "Ledger", "Releasability", "Storage",
            .product(name: "Crypto", package: "swift-crypto"),
        ],
        path: "Benchmarks/Ledger", swiftSettings: house),
    // Who is who: a nation's certificates and keys, and its partners'.
    room(
        "Identity",
        on: [
            "Air", "Ledger",
            .product(name: "Crypto", package: "swift-crypto"), .product(name: "SwiftASN1", package: "swift-asn1"),
            .product(name: "X509", package: "swift-certificates"),
        ]),
    // Federation as it goes over the wire: gRPC over mutual TLS.
    room(
        "FederationWire",
        on: [
            "Air", "Federation", "Geodesy", "Identity", "Ledger", "Releasability",
            .product(name: "GRPCCore", package: "grpc-swift-2"),
            .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
            .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOTLS", package: "swift-nio"),
            .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        ]),
    .executableTarget(
        name: "kumiko-bench-wire",
        dependencies: [
            "Air", "BenchSupport", "Federation", "FederationWire", "Identity", "Ledger", "WireTrials",
        ],
        path: "Benchmarks/Wire/Program", swiftSettings: house),
    // Two nations with certificates, for the tests of the wire and its benchmark.
    .target(
        name: "WireTrials", dependencies: ["Air", "Federation", "FederationWire", "Identity", "Ledger"],
        path: "Benchmarks/Wire/Trials", swiftSettings: house),
    room(
        "Node",
        on: [
            "Air", "Disclosure", "Exercises", "Federation", "FederationWire", "Geodesy", "Identity", "Ledger",
            "MessageFormats", "Plausibility", "Releasability", "SensorFormats", "Storage", "Tracking", "Transport",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Yams", package: "Yams"),
        ]),
    room(
        "Web",
        on: [
            "Air", "Geodesy", "MessageFormats", "Node", "Releasability", "SensorFormats", "Storage",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdCore", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ], resources: [.copy("Map"), .copy("openapi.json")]),
    .executableTarget(
        name: "kumiko",
        dependencies: [
            "Air", "Disclosure", "Exercises", "Geodesy", "Identity", "Ledger", "Node", "Releasability", "Scoring",
            "SensorFormats", "Storage", "Tracking", "Web",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ],
        swiftSettings: house),
    .executableTarget(
        name: "kumiko-bench",
        dependencies: [
            "Air", "BenchSupport", "CDatagrams", "Exercises", "Geodesy", "Identity", "Node", "Region", "SensorFormats",
            "Tracking", "Transport", "Web",
        ],
        path: "Benchmarks/Node", swiftSettings: house),
    tests(
        "TransportTests",
        [
            "Transport", .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ]),
    tests("StorageTests", ["Storage", "Air", "Geodesy", "Ledger", .product(name: "GRDB", package: "GRDB.swift")]),
    tests(
        "IdentityTests",
        [
            "Identity", "Air", "Ledger",
            .product(name: "Crypto", package: "swift-crypto"), .product(name: "SwiftASN1", package: "swift-asn1"),
            .product(name: "X509", package: "swift-certificates"),
        ]),
    tests(
        "FederationWireTests",
        [
            "FederationWire", "Air", "Federation", "Identity", "Ledger", "WireTrials",
            .product(name: "Crypto", package: "swift-crypto"), .product(name: "GRPCCore", package: "grpc-swift-2"),
            .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
            .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        ]),
    tests(
        "NodeTests",
        [
            "Node", "Air", "Exercises", "Geodesy", "Identity", "MessageFormats", "Releasability", "SensorFormats",
            "Tracking", "Transport",
            .product(name: "Logging", package: "swift-log"),
        ]),
    tests(
        "WebTests",
        [
            "Web", "Node", "Air", "Geodesy", "MessageFormats", "Releasability", "SensorFormats", "Storage",
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "HummingbirdTesting", package: "hummingbird"),
            .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ]),
    tests("HouseTests", []),
]

let packages: [(url: String, version: Version)] = [
    ("https://github.com/apple/swift-argument-parser", "1.8.2"),
    ("https://github.com/apple/swift-asn1", "1.7.4"),
    ("https://github.com/apple/swift-certificates", "1.21.1"),
    ("https://github.com/apple/swift-crypto", "4.5.2"),
    ("https://github.com/apple/swift-http-types", "1.8.0"),
    ("https://github.com/apple/swift-log", "1.16.2"),
    ("https://github.com/apple/swift-nio", "2.101.2"),
    ("https://github.com/apple/swift-nio-http2", "1.46.0"),
    ("https://github.com/apple/swift-nio-ssl", "2.37.6"),
    ("https://github.com/apple/swift-protobuf", "1.39.0"),
    ("https://github.com/grpc/grpc-swift-2", "2.4.3"),
    ("https://github.com/grpc/grpc-swift-nio-transport", "2.9.2"),
    ("https://github.com/grpc/grpc-swift-protobuf", "2.4.1"),
    ("https://github.com/groue/GRDB.swift", "7.10.0"),
    ("https://github.com/hummingbird-project/hummingbird", "2.28.1"),
    ("https://github.com/jpsim/Yams", "6.2.2"),
    ("https://github.com/swift-server/swift-service-lifecycle", "2.13.0"),
]

/// The targets of `names` and all that they rest on.
func closure(of names: [String], in all: [Target]) -> [Target] {
    var wanted: Set<String> = []
    var open = names
    while let name = open.popLast() {
        guard wanted.insert(name).inserted else { continue }
        for case .byNameItem(let below, _) in all.first(where: { $0.name == name })?.dependencies ?? [] {
            open.append(below)
        }
    }
    return all.filter { wanted.contains($0.name) }
}

let wholeHouse = sky + core + lattice + shell
let targets: [Target] =
    switch rooms {
    case nil, "": wholeHouse
    case "core": sky + core
    case "fuzz": sky + core + guided
    case "sky": sky
    case "lattice": closure(of: lattice.map(\.name), in: wholeHouse)
    case let names?: closure(of: names.split(separator: ",").map(String.init), in: wholeHouse)
    }
let needed = Set(
    targets.flatMap { target in
        target.dependencies.compactMap { dependency in
            if case .productItem(_, let package, _, _) = dependency { package?.lowercased() } else { nil }
        }
    })

let package = Package(
    name: "kumiko",
    dependencies: packages.filter { package in
        needed.contains(package.url.split(separator: "/").last?.lowercased() ?? "")
    }.map { .package(url: $0.url, exact: $0.version) },
    targets: targets
)
