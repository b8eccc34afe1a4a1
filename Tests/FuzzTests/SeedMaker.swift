import AuditLog
import EdXML
import Exchange
import Files
import Foundation
import OpenSSL
import Signature

/// Makes the seeds that need a key, and the material that they are judged against. The keys die with it, so
/// all of them are made anew whenever one is.
struct SeedMaker {
    private let signer: SigningIdentity
    private let rsaSigner: SigningIdentity
    private let authorities: [Certificate]
    private let lists: [CertificateList]
    private let response: OCSPResponse
    private let timestamping: (certificate: Certificate, key: PrivateKey)

    init() throws {
        func profile(_ name: String) -> CertificateProfile {
            CertificateProfile(
                commonName: name, notBefore: Material.time.adding(seconds: -86_400),
                notAfter: Material.time.adding(seconds: 86_400 * 3650))
        }
        let root = try CertificateIssuer(
            root: profile("Gốc (mẫu)").asAuthority(), key: try .generate(.ec(.p256)))
        let agencies = try root.intermediate(
            profile("Cơ quan (mẫu)").asAuthority(pathLength: 0), key: try .generate(.ec(.p256)))
        func identity(_ name: String, _ specification: PrivateKey.Specification, pss: Bool = false) throws
            -> SigningIdentity
        {
            let key = try PrivateKey.generate(specification)
            let certificate = try agencies.issue(profile(name).asDocumentSigner(), to: try key.publicKey())
            return try SigningIdentity(
                certificate: certificate, key: key, chain: [agencies.certificate], digest: nil, usesPSS: pss)
        }
        signer = try identity("Sở Nội vụ (mẫu)", .ec(.p256))
        rsaSigner = try identity("Sở Y tế (mẫu)", .rsa(bits: 2048), pss: true)
        authorities = [root.certificate, agencies.certificate]
        let next = Material.time.adding(seconds: 86_400 * 3650)
        lists = try [root, agencies].map {
            try $0.revocationList(
                revoking: [RevokedSerial(serial: [1, 2], date: Material.time)],
                thisUpdate: Material.time.adding(seconds: -3600), nextUpdate: next)
        }
        let statement = OCSPResponder.Statement(
            signer.certificate, issuer: agencies.certificate, .good,
            thisUpdate: Material.time.adding(seconds: -1800), nextUpdate: next)
        response = try OCSPResponder(certificate: agencies.certificate, key: agencies.key).respond(
            [statement], OCSPResponder.Form(producedAt: statement.thisUpdate))
        var stamping = profile("Dấu thời gian (mẫu)")
        stamping.keyUsage = [.digitalSignature]
        stamping.extensions = [("extendedKeyUsage", "critical,timeStamping")]
        let key = try PrivateKey.generate(.ec(.p256))
        let certificate = try root.issue(stamping, to: try key.publicKey())
        timestamping = (certificate, key)
    }

    func make() throws {
        try write(authorities.flatMap(\.pem), "Material/trust.pem")
        try write(lists.flatMap(\.pem), "Material/crl.pem")
        try write(response.der, "Material/response.der")
        try write(response.der, "Seeds/ocsp/trusted.der")
        try write(signer.certificate.pem + rsaSigner.certificate.pem, "Material/signers.pem")
        try write(signer.certificate.der, "Seeds/x509/signer.der")
        try write(authorities[1].pem, "Seeds/x509/authority.pem")
        try write(lists[0].der, "Seeds/x509/list.der")
        try makeSignedLetters()
        try makeMessages()
        try makeDocuments()
        try makeTimestamps()
        try makeLog()
    }

    private func makeSignedLetters() throws {
        let letter = Material.folder.appendingPathComponent("Seeds/edxml/letter.edxml")
        let plain = Array(try Data(contentsOf: letter))
        try write(plain, "Seeds/signed-letter/unsigned.edxml")
        for (name, identity) in [("ecdsa", signer), ("pss", rsaSigner)] {
            let path = Material.folder.appendingPathComponent("Seeds/signed-letter/\(name).edxml").path
            try? Directory.remove(path)
            let output = try File(path, .createNew)
            _ = try XMLSigner(identity).sign(try File(letter.path, .read), to: output)
        }
    }

    private func makeMessages() throws {
        let content = Array("Nội dung được ký\n".utf8)
        try write(content, "Material/content.bin")
        for (name, identity) in [("ecdsa", signer), ("pss", rsaSigner)] {
            let cms = CMSSigner(identity)
            let message = try cms.sign(
                contentDigest: Digester.hash(content, cms.digest), at: Material.time)
            try write([0] + message, "Seeds/cms/\(name).bin")
        }
    }

    /// By OpenSSL's own authority, at the time at which it is run: an answer, and the token in it.
    private func makeTimestamps() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/lienthong-seeds"
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = """
            [tsa]
            default_tsa = own
            [own]
            serial = serial
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            ess_cert_id_alg = sha256
            accuracy = secs:1
            """
        let content = Array("Nội dung được ký\n".utf8)
        for (name, bytes) in [
            ("tsa.pem", timestamping.certificate.pem), ("tsa.key", timestamping.key.pem),
            ("tsa.cnf", Array(configuration.utf8)), ("serial", Array("01\n".utf8)),
            ("query", TimestampExchange.request(SHA256.hash(content))),
        ] { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.arguments = [
            "ts", "-reply", "-config", "tsa.cnf", "-section", "own", "-queryfile", "query", "-signer",
            "tsa.pem", "-inkey", "tsa.key", "-out", "answer",
        ]
        try process.run()
        process.waitUntilExit()
        let answer = Array(try Data(contentsOf: URL(fileURLWithPath: folder + "/answer")))
        try write([0] + answer, "Seeds/timestamp/answer.tsr")
        let token = try TimestampExchange.token(in: answer)
        try write([1] + token, "Seeds/timestamp/token.tsr")
        try write(token, "Material/token.tsr")
    }

    private func makeDocuments() throws {
        var document = PDFSeed()
        try write(document.bytes, "Seeds/pdf/unsigned.pdf")
        try document.sign(signer)
        try write(document.bytes, "Seeds/pdf/signed.pdf")
    }

    private func makeLog() throws {
        let name = "truc.mau.example/log"
        let key = try PrivateKey.generate(.ed25519)
        let noteSigner = try NoteSigner(name: name, key: key)
        try write(Array(noteSigner.verifierKey.utf8), "Material/log.vkey")
        let entry = try LogEntry(.hubStarted(version: "0.1.0"), at: Material.time)
        let other = try LogEntry(.hubStopped, at: Material.time)
        let root = MerkleTree.nodeHash(entry.leafHash, other.leafHash)
        let note = try noteSigner.sign(Checkpoint(origin: name, size: 2, root: root).text)
        try write(entry.bytes, "Material/entry.json")
        try write(note, "Material/checkpoint")
        try write(note, "Seeds/note/checkpoint")
        try write(Array(noteSigner.verifierKey.utf8), "Seeds/note/vkey")
        let proof = TlogProof(extra: entry.bytes, index: 0, hashes: [other.leafHash], checkpoint: note)
        try write(proof.bytes, "Seeds/proof/receipt.tlog-proof")
        var bundle = EntryBundle()
        bundle.append(entry.bytes)
        bundle.append(other.bytes)
        try write([1] + bundle.bytes, "Seeds/bundle/entries")
        try write([1] + entry.leafHash.bytes + other.leafHash.bytes, "Seeds/bundle/tile")
        try write(entry.bytes, "Seeds/log-entry/started.json")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        let url = Material.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }
}
