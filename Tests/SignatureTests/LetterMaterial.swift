import Exchange
import Foundation
import OpenSSL
import Signature
import XML

let noon = Instant(year: 2026, month: 11, day: 20, hour: 12)!
let oneDay: Int64 = 86_400

func made(_ name: String, days: Int64 = 365) -> CertificateProfile {
    CertificateProfile(
        commonName: name, notBefore: noon.adding(seconds: -oneDay),
        notAfter: noon.adding(seconds: days * oneDay))
}

/// A root, an agency CA, a signer with his key.
struct Authority {
    let root: CertificateIssuer
    let agencies: CertificateIssuer
    let key: PrivateKey
    let signer: Certificate

    init(
        _ specification: PrivateKey.Specification = .ec(.p256),
        signer profile: CertificateProfile = made("Sở Nội vụ").asDocumentSigner()
    ) throws {
        root = try CertificateIssuer(root: made("Root").asAuthority(), key: try .generate(.ec(.p256)))
        agencies = try root.intermediate(made("Agencies").asAuthority(), key: try .generate(.ec(.p256)))
        key = try .generate(specification)
        signer = try agencies.issue(profile, to: try key.publicKey())
    }

    /// Leaf first.
    var chain: [Certificate] { [signer, agencies.certificate, root.certificate] }

    func verifier(
        _ lists: [CertificateList] = [], algorithms: AlgorithmPolicy = AlgorithmPolicy()
    ) -> SignatureVerifier {
        SignatureVerifier(
            trust: TrustStore(
                certificates: [root.certificate, agencies.certificate],
                revocation: RevocationData(lists: lists)),
            algorithms: algorithms)
    }
}

/// A directory that goes away with the test, and commands run in it.
final class Workshop {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "lienthong-" + Hex.encode(SecureRandom.bytes(8))
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }

    struct CommandFailed: Error { let output: String }

    /// Runs a command that must be installed; its output where it ends with 0.
    @discardableResult
    func run(_ words: String...) throws -> String { try run(words) }

    @discardableResult
    func run(_ words: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CommandFailed(output: output) }
        return output
    }
}

final class Collector: ByteSink {
    var bytes: [UInt8] = []
    func write(_ span: Span<UInt8>) { for index in span.indices { bytes.append(span[index]) } }
}

func canonical(_ document: String, _ method: CanonicalizationMethod) throws -> [UInt8] {
    let collector = Collector()
    let canonicalizer = Canonicalizer(method, sink: collector)
    let reader = XMLEventReader(handler: canonicalizer)
    try reader.feed(Array(document.utf8))
    try reader.finish()
    canonicalizer.finish()
    return collector.bytes
}

/// Reads a letter in pieces of that many bytes.
func evidence(of letter: [UInt8], pieces: Int = 4096) throws -> XMLSignatureEvidence {
    let signature = XMLSignatureReader()
    let reader = XMLEventReader(handler: signature)
    var start = 0
    while start < letter.count {
        let end = min(start + pieces, letter.count)
        try reader.feed(Array(letter[start..<end]))
        start = end
    }
    try reader.finish()
    return signature.evidence()
}

func evidence(of letter: String) throws -> XMLSignatureEvidence {
    try evidence(of: Array(letter.utf8))
}
