// swift-tools-version: 6.2
import PackageDescription

// The floors, lowest last in each list of dependencies. A target imports only lower floors;
// TidyTests reads this file and the imports and fails where a target looks upward.

let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Tests reach into C and Foundation freely; they do not ship.
let relaxed: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny")
]

func floor(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], vectors: Bool = false, exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude,
        resources: vectors ? [.copy("Vectors")] : [],
        swiftSettings: relaxed)
}

/// The fuzz entries are tests (`make test`), or with LIENTHONG_FUZZ set a program of libFuzzer (`make fuzz`).
func fuzzing() -> Target {
    let dependencies: [Target.Dependency] = [
        "Exchange", "JSON", "OpenSSL", "XML", "Files", "HTTP", "EdXML", "Signature", "AuditLog", "Hub",
        "PDF", "VXP", "CLibXML2",
    ]
    let data = ["Seeds", "Dictionaries", "Material", "run"]
    if Context.environment["LIENTHONG_FUZZ"] == nil {
        return tests("FuzzTests", dependencies, exclude: data + ["LibFuzzer.swift"])
    }
    return .executableTarget(
        name: "lienthong-fuzz", dependencies: dependencies, path: "Tests/FuzzTests",
        exclude: data + ["EntryTests.swift", "SeedMaker.swift", "PDFSeed.swift", "Mutator.swift"],
        swiftSettings: relaxed)
}

let package = Package(
    name: "LienThong",
    products: [
        .executable(name: "lienthongd", targets: ["lienthongd"]),
        .executable(name: "lienthong", targets: ["lienthong"]),
    ],
    targets: [
        // C: Debian's libraries, one module map and one shim each.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBytes"),

        // 0
        floor("Exchange", ["CBytes"]),
        // 1
        floor("JSON", ["Exchange"]),
        floor("OpenSSL", ["Exchange", "COpenSSL"]),
        floor("XML", ["Exchange", "CLibXML2", "CBytes"]),
        floor("Files", ["CLinux"]),
        floor("Database", ["Exchange", "CSQLite"]),
        floor("HTTP", ["Exchange"]),
        floor("PDF", ["CZlib"]),
        // 2
        floor("EdXML", ["Exchange", "XML", "OpenSSL", "Files", "CZlib", "CBytes"]),
        floor("Signature", ["Exchange", "JSON", "XML", "OpenSSL", "Files", "PDF", "CZlib"]),
        floor("AuditLog", ["Exchange", "JSON", "OpenSSL", "Files"]),
        floor("Transport", ["Exchange", "OpenSSL", "HTTP", "CLinux"]),
        // 3
        floor("Storage", ["Exchange", "JSON", "OpenSSL", "Files", "Database", "AuditLog"]),
        floor("Trust", ["Exchange", "OpenSSL", "Files", "HTTP", "Signature", "Transport"]),
        // 4
        floor(
            "Hub",
            [
                "Exchange", "JSON", "OpenSSL", "XML", "Files", "EdXML", "Signature", "AuditLog", "Storage",
                "Trust",
                "CLinux",
            ]),
        // 5
        floor(
            "API",
            ["Exchange", "JSON", "OpenSSL", "Files", "HTTP", "AuditLog", "Transport", "Storage", "Hub"]),
        floor(
            "VXP", ["Exchange", "JSON", "OpenSSL", "Files", "HTTP", "Transport", "Storage", "Hub"]),
        // 6
        program(
            "lienthongd",
            [
                "Exchange", "JSON", "OpenSSL", "Files", "HTTP", "Signature", "AuditLog", "Transport",
                "Storage", "Trust", "Hub", "API", "VXP",
            ]),
        program(
            "lienthong",
            [
                "Exchange", "JSON", "OpenSSL", "XML", "Files", "HTTP", "EdXML", "Signature", "AuditLog",
                "Transport", "Storage", "Trust", "Hub", "CLinux",
            ]),

        tests("ExchangeTests", ["Exchange"]),
        tests("JSONTests", ["JSON", "Exchange"]),
        tests("XMLTests", ["XML", "Exchange", "CLibXML2"]),
        tests("OpenSSLTests", ["OpenSSL", "Exchange"]),
        tests("HTTPTests", ["HTTP", "Exchange"]),
        tests("TransportTests", ["Transport", "HTTP", "OpenSSL", "Exchange", "CLinux"]),
        tests("FilesTests", ["Files"]),
        tests(
            "EdXMLTests", ["EdXML", "Exchange", "Files", "OpenSSL", "XML", "CLibXML2", "CZlib"],
            vectors: true),
        tests("PDFTests", ["PDF", "CZlib"]),
        tests("CommandLineTests", ["lienthong", "AuditLog", "Exchange", "JSON", "OpenSSL"]),
        tests("DatabaseTests", ["Database", "Exchange"]),
        tests(
            "SignatureTests",
            ["Signature", "EdXML", "Exchange", "Files", "JSON", "XML", "OpenSSL", "PDF", "CZlib"]),
        tests(
            "TrustTests",
            ["Trust", "Exchange", "Files", "HTTP", "OpenSSL", "Signature", "Transport"]),
        tests(
            "StorageTests", ["Storage", "Exchange", "OpenSSL", "Files", "Database", "AuditLog"], vectors: true
        ),
        tests("AuditLogTests", ["AuditLog", "Exchange", "JSON", "OpenSSL", "Files"], exclude: ["Judge"]),
        tests(
            "HubTests",
            ["Hub", "JSON", "EdXML", "Exchange", "OpenSSL", "Signature", "AuditLog", "Storage", "XML"]),
        tests("VXPTests", ["VXP", "Exchange", "JSON", "OpenSSL", "HTTP", "Hub", "Transport"]),
        tests(
            "EndToEndTests",
            [
                "Exchange", "JSON", "OpenSSL", "HTTP", "Files", "Signature", "Transport", "lienthong",
                "lienthongd", "VXP", "Hub",
            ], exclude: ["Office"]),
        fuzzing(),
        tests("TidyTests", ["Exchange", "JSON", "OpenSSL", "Signature", "Storage", "API"]),
    ],
    swiftLanguageModes: [.v6]
)
