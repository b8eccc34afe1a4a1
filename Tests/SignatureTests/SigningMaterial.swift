import Exchange
import Files
import Foundation
import OpenSSL
import Signature
import Testing

/// A root, an agency authority and a signer below it, as files that `openssl` and `xmlsec1` read.
struct SigningMaterial {
    let folder: String
    let root: CertificateIssuer
    let agencies: CertificateIssuer
    let certificate: Certificate
    let key: PrivateKey

    init(_ specification: PrivateKey.Specification = .ec(.p256), usage: KeyUsage? = nil) throws {
        folder = NSTemporaryDirectory() + "lienthong-signing-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
        func profile(_ name: String) -> CertificateProfile {
            CertificateProfile(
                commonName: name, notBefore: now.adding(seconds: -86_400),
                notAfter: now.adding(seconds: 864_000))
        }
        root = try CertificateIssuer(root: profile("Gốc (mẫu)").asAuthority(), key: try .generate(.ec(.p256)))
        agencies = try root.intermediate(
            profile("Cơ quan <&> (mẫu)").asAuthority(pathLength: 0), key: try .generate(.ec(.p256)))
        key = try .generate(specification)
        var signer = profile("Sở Nội vụ & \"Dân vận\" (mẫu)").asDocumentSigner()
        if let usage { signer.keyUsage = usage }
        // The highest bit set: the serial number's encoding needs a zero before it.
        signer.serial = [0xF0, 0x01, 0x02]
        certificate = try agencies.issue(signer, to: try key.publicKey())
        try write(root.certificate.pem, "root.pem")
    }

    func identity(digest: DigestAlgorithm? = nil, usesPSS: Bool = false) throws -> SigningIdentity {
        try SigningIdentity(
            certificate: certificate, key: key, chain: [agencies.certificate, certificate], digest: digest,
            usesPSS: usesPSS)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// Runs a command that the tests need on the PATH.
    @discardableResult
    func run(_ words: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// Keys and digests that a signature may be made with.
struct SigningCase: Sendable, CustomTestStringConvertible {
    let key: PrivateKey.Specification
    var digest: DigestAlgorithm?
    var usesPSS = false

    var testDescription: String { "\(key) \(digest?.rawValue ?? "usual") \(usesPSS ? "PSS" : "")" }

    static let all = [
        SigningCase(key: .ec(.p256)), SigningCase(key: .ec(.p384)), SigningCase(key: .ec(.p521)),
        SigningCase(key: .ec(.p256), digest: .sha512), SigningCase(key: .rsa(bits: 2048)),
        SigningCase(key: .rsa(bits: 2048), digest: .sha384),
        SigningCase(key: .rsa(bits: 2048), digest: .sha512),
    ]
    static let pss = [
        SigningCase(key: .rsa(bits: 2048), usesPSS: true),
        SigningCase(key: .rsa(bits: 2048), digest: .sha384, usesPSS: true),
    ]
}
