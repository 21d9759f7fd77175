// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let c: [CSetting] = [
    .unsafeFlags(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wno-unused-parameter"])
]

/// True in builds for scripts/check --sanitize. The sanitizers' runtimes can't be linked statically.
let isSanitized = Context.environment["EGRESS_SANITIZE"] != nil

/// Linker flags that export the symbols of a version script, and no others.
func exporting(_ map: String) -> [String] {
    ["-use-ld=lld", "-Xlinker", "--version-script=\(Context.packageDirectory)/\(map)", "-Xlinker", "--gc-sections"]
}

/// Targets stand in the order in which they may import: each only what stands before it.
let package = Package(
    name: "egress-run",
    products: [
        .executable(name: "egress-run", targets: ["egress-run"]),
        .executable(name: "egress", targets: ["egress"]),
        .library(name: "EgressPolicy", targets: ["EgressPolicy"]),
        // libegress.so, the engine behind CShim/abi/include/egress.h. SwiftPM makes its file "lib" + name + ".so", and lets
        // no two products have one name, which `egress` has already: this name is a path to the same file.
        .library(name: "EgressABI/../libegress", type: .dynamic, targets: ["EgressABI"]),
        // libegress-preload.so, which loads it
        .library(name: "egress-preload", type: .dynamic, targets: ["CPreload"]),
    ],
    dependencies: [
        // For the toolbox only: in egress-run they would double the start-up time and more.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // C, admitted because Swift cannot import it or must not run where it runs.
        .target(
            name: "CLinux",
            path: "CShim/linux",
            cSettings: c,
            linkerSettings: [.linkedLibrary("seccomp"), .linkedLibrary("cap")]
        ),
        .systemLibrary(name: "CEgressABI", path: "CShim/abi"),
        .target(
            name: "CPreload",
            path: "CShim/preload",
            exclude: ["exports.map", "link"],
            publicHeadersPath: ".",
            cSettings: c + [
                .define("_GNU_SOURCE"), .headerSearchPath("../abi/include"),
                .unsafeFlags(["-fvisibility=hidden", "-ftls-model=initial-exec", "-O2"]),
            ],
            // Without Swift's start-up object and library, which would be loaded into every program; and in as few segments
            // as can be, because each is mapped anew by every process that starts.
            linkerSettings: isSanitized
                ? []
                : [
                    .unsafeFlags(
                        [
                            "-nostartfiles", "-no-toolchain-stdlib-rpath", "-resource-dir",
                            "\(Context.packageDirectory)/CShim/preload/link",
                            "-Xlinker", "-z", "-Xlinker", "norelro", "-Xlinker", "--no-rosegment",
                        ]
                            + exporting("CShim/preload/exports.map")
                    )
                ]
        ),
        .systemLibrary(name: "CYAML", path: "CShim/yaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        // Ed25519 and SHA-256 for egress-run: 0.2 MB linked statically, and with the processor's SHA instructions.
        .systemLibrary(name: "CNettle", path: "CShim/nettle", pkgConfig: "hogweed", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CZlib", path: "CShim/zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "EgressText", swiftSettings: swift),
        .target(name: "EgressCommandLine", dependencies: ["EgressText"], swiftSettings: swift),
        .target(name: "EgressPolicy", swiftSettings: swift),
        .target(name: "EgressDNS", dependencies: ["EgressPolicy"], swiftSettings: swift),
        .target(
            name: "EgressPolicyFile",
            dependencies: ["EgressText", "EgressPolicy", "EgressDNS", "CYAML"],
            swiftSettings: swift
        ),
        .target(name: "EgressAudit", dependencies: ["EgressText", "EgressPolicy"], swiftSettings: swift),
        .target(name: "LinuxSystem", dependencies: ["CLinux"], swiftSettings: swift),
        .target(name: "EgressSandbox", dependencies: ["LinuxSystem"], swiftSettings: swift),
        .target(
            name: "EgressEvidence",
            dependencies: ["LinuxSystem", "EgressSandbox", "CNettle"],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        .target(
            name: "EgressABI",
            dependencies: ["EgressText", "EgressPolicy", "EgressDNS", "EgressPolicyFile", "EgressAudit", "CEgressABI"],
            swiftSettings: swift,
            // With its own Swift runtime inside: a C or Python program has none, and a Swift program has another.
            linkerSettings: isSanitized
                ? []
                : [
                    .unsafeFlags(
                        ["-static-stdlib", "-L\(Context.packageDirectory)/CShim/abi/link"]
                            + exporting("CShim/abi/exports.map")
                    )
                ]
        ),
        .target(
            name: "EgressSupervisor",
            dependencies: ["EgressPolicy", "EgressDNS", "EgressAudit", "LinuxSystem", "EgressSandbox"],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "egress-run",
            dependencies: [
                "EgressText", "EgressCommandLine", "EgressPolicy", "EgressDNS", "EgressPolicyFile", "EgressAudit",
                "LinuxSystem", "EgressSandbox", "EgressEvidence", "EgressSupervisor",
            ],
            swiftSettings: swift,
            // Fully static: half the start-up time of a dynamic binary, and one file to copy.
            linkerSettings: isSanitized ? [] : [.unsafeFlags(["-static-executable"])]
        ),
        .target(
            name: "EgressRequests",
            dependencies: [
                "EgressPolicy", "EgressDNS", "LinuxSystem", .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        .target(
            name: "EgressVault",
            dependencies: [
                "EgressText", "EgressPolicy", "EgressPolicyFile", "LinuxSystem", "EgressRequests",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        .target(
            name: "EgressFetch",
            dependencies: [
                "EgressText", "EgressPolicy", "EgressRequests", "CZlib",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        .target(
            name: "EgressFleet",
            dependencies: [
                "EgressText", "EgressAudit", "EgressPolicyFile", "EgressEvidence",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["README.md"],
            swiftSettings: swift
        ),
        .target(
            name: "EgressFleetService",
            dependencies: [
                "EgressText", "EgressPolicy", "EgressAudit", "EgressFleet",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "egress",
            dependencies: [
                "EgressText", "EgressCommandLine", "EgressPolicy", "EgressDNS", "EgressPolicyFile", "EgressAudit",
                "LinuxSystem", "EgressSandbox", "EgressEvidence", "EgressRequests", "EgressVault", "EgressFetch",
                "EgressFleet", "EgressFleetService",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: swift,
            // Half the start-up time of a dynamic binary, and no Swift needed where it is copied to. Not in debug builds, in
            // which this target is part of the tests: those have the dynamic runtime.
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-static-stdlib", "-use-ld=lld", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims",
                        "-l_FoundationCollections",
                    ],
                    .when(configuration: .release)
                )
            ]
        ),

        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swift),
        .target(
            name: "BypassCorpus",
            dependencies: ["LinuxSystem", "TestSupport"],
            path: "Tests/BypassCorpus",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "bypass",
            dependencies: ["BypassCorpus", "TestSupport"],
            path: "Tests/bypass",
            swiftSettings: swift
        ),
        .testTarget(name: "EgressTextTests", dependencies: ["EgressText"], swiftSettings: swift),
        .testTarget(name: "EgressCommandLineTests", dependencies: ["EgressCommandLine"], swiftSettings: swift),
        .testTarget(name: "EgressPolicyTests", dependencies: ["EgressPolicy", "TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "EgressPolicyFileTests",
            dependencies: ["EgressPolicyFile", "EgressPolicy", "EgressDNS", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressDNSTests",
            dependencies: ["EgressDNS", "EgressPolicy", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressAuditTests",
            dependencies: ["EgressAudit", "EgressPolicy", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "LinuxSystemTests",
            dependencies: ["LinuxSystem", "CLinux", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressSandboxTests",
            dependencies: ["EgressSandbox", "LinuxSystem", "CLinux", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressEvidenceTests",
            dependencies: ["EgressEvidence", "EgressSandbox", "LinuxSystem", "TestSupport"],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressSupervisorTests",
            dependencies: [
                "EgressSupervisor", "EgressPolicy", "EgressDNS", "EgressAudit", "LinuxSystem", "EgressSandbox",
                "TestSupport",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressRequestsTests",
            dependencies: [
                "EgressRequests", "EgressPolicy", "EgressDNS", "LinuxSystem", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressVaultTests",
            dependencies: [
                "EgressVault", "EgressPolicyFile", "EgressRequests", "LinuxSystem", "TestSupport", "egress",
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressFetchTests",
            dependencies: ["EgressFetch", "EgressRequests", "EgressPolicy", "TestSupport"],
            swiftSettings: swift
        ),
        .target(
            name: "FleetSupport",
            dependencies: ["EgressFleet", "EgressAudit", .product(name: "Crypto", package: "swift-crypto")],
            path: "Tests/FleetSupport",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "fleet-writer",
            dependencies: ["EgressFleet", "EgressAudit", "FleetSupport"],
            path: "Tests/fleet-writer",
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressFleetTests",
            dependencies: [
                "EgressFleet", "EgressAudit", "EgressEvidence", "EgressPolicyFile", "FleetSupport", "TestSupport",
                "fleet-writer",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "EgressFleetServiceTests",
            dependencies: [
                "EgressFleetService", "EgressFleet", "EgressAudit", "TestSupport", "egress",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "egressTests",
            dependencies: ["egress", "EgressSandbox", "EgressPolicy", "EgressRequests", "EgressAudit", "TestSupport"],
            swiftSettings: swift
        ),
        .executableTarget(
            name: "fleet-bench",
            dependencies: [
                "EgressFleet", "EgressAudit", "FleetSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/Benchmarks/fleet-bench",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "policy-bench",
            dependencies: ["EgressPolicy"],
            path: "Tests/Benchmarks/policy-bench",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "attest-bench",
            dependencies: ["EgressFleet", "LinuxSystem"],
            path: "Tests/Benchmarks/attest-bench",
            swiftSettings: swift
        ),
        .executableTarget(
            name: "request-bench",
            dependencies: ["EgressRequests", "EgressPolicy"],
            path: "Tests/Benchmarks/request-bench",
            swiftSettings: swift
        ),
        .testTarget(name: "EgressABITests", dependencies: ["TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "BypassCorpus", "TestSupport", "EgressFleet", "EgressEvidence", "EgressSandbox", "LinuxSystem",
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            swiftSettings: swift
        ),
        .testTarget(
            name: "CriticalAttackTests",
            dependencies: [
                "EgressPolicy", "EgressEvidence", "EgressRequests", "EgressFleet", "EgressFleetService", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: swift
        ),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)

// Fuzz targets have libFuzzer's main function and need all code instrumented: only scripts/fuzz builds and links them.
if Context.environment["EGRESS_FUZZ"] != nil {
    let fuzzed: [(name: String, dependencies: [Target.Dependency])] = [
        ("dns", ["EgressDNS"]),
        ("resolver", ["EgressDNS", "EgressPolicy"]),
        ("packet", ["EgressSupervisor", "LinuxSystem"]),
        ("policy-file", ["EgressPolicyFile", "EgressPolicy"]),
        ("rule", ["EgressPolicy"]),
        ("system-files", ["EgressDNS"]),
        ("url", ["EgressPolicy"]),
    ]
    for (name, dependencies) in fuzzed {
        let target = "fuzz-\(name)"
        package.products.append(.library(name: target, type: .static, targets: [target]))
        package.targets.append(
            .target(name: target, dependencies: dependencies, path: "Tests/Fuzz/\(name)", swiftSettings: swift)
        )
    }
}
