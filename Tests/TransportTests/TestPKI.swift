import Foundation
import OpenSSL

/// Throw-away keys and certificates, made once per run by the `openssl` command.
struct TestPKI {
    let directory: String

    static let shared = try! TestPKI()

    private init() throws {
        directory = NSTemporaryDirectory() + "transport-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for authority in ["ca", "other-ca"] {
            try make(authority, subject: "/CN=\(authority)", issuer: nil, "basicConstraints=critical,CA:TRUE")
        }
        try make("server", subject: "/CN=hub", issuer: "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        try make("server2", subject: "/CN=hub2", issuer: "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        try make("elsewhere", subject: "/CN=elsewhere", issuer: "ca", "subjectAltName=DNS:elsewhere.example")
        try make("client", subject: "/O=UBND tỉnh/CN=Sở Nội vụ", issuer: "ca", "extendedKeyUsage=clientAuth")
        try make("server-only", subject: "/CN=x", issuer: "ca", "extendedKeyUsage=serverAuth")
        try make("stranger", subject: "/CN=stranger", issuer: "other-ca", "extendedKeyUsage=clientAuth")
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    private func make(_ name: String, subject: String, issuer: String?, _ extension: String) throws {
        var arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8",
            "-days", "2",
            "-subj", subject, "-keyout", path("\(name).key"), "-out", path("\(name).pem"), "-addext",
            `extension`,
        ]
        if let issuer {
            arguments += ["-CA", path("\(issuer).pem"), "-CAkey", path("\(issuer).key")]
            arguments += ["-addext", "basicConstraints=critical,CA:FALSE"]
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    func server(
        _ name: String = "server", anchors: [String] = ["ca"],
        _ clients: TLSContext.ClientCertificates = .required
    ) throws -> TLSContext {
        try TLSContext(
            serverCertificate: path("\(name).pem"), key: path("\(name).key"),
            clientAnchors: anchors.map { path("\($0).pem") }, clientCertificates: clients)
    }

    func client(_ name: String? = "client", anchors: String = "ca") throws -> TLSContext {
        try TLSContext(
            clientAnchors: [path("\(anchors).pem")], certificate: name.map { path("\($0).pem") },
            key: name.map { path("\($0).key") })
    }
}
