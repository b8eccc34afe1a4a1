import Exchange
import Foundation
import OpenSSL
import Testing

/// An authority whose key the test holds, beside the world's own: it can publish a revocation list that is
/// stale, fresh, or has the signer on it.
struct OwnAuthority {
    let world: World
    let issuer: CertificateIssuer
    let signer: Certificate
    /// As `World.letter(signer:)` names it.
    let name = "own"

    static let now = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    static let hour: Int64 = 3600

    /// Makes it trusted, and its signer one of the sender's.
    init(in world: World) throws {
        self.world = world
        func profile(_ name: String) -> CertificateProfile {
            CertificateProfile(
                commonName: name, notBefore: Self.now.adding(seconds: -1000 * Self.hour),
                notAfter: Self.now.adding(seconds: 1000 * Self.hour))
        }
        issuer = try CertificateIssuer(root: profile("Own root").asAuthority(), key: .generate(.ec(.p256)))
        let key = try PrivateKey.generate(.ec(.p256))
        var signing = profile("Own signer").asDocumentSigner()
        signing.crlURLs = ["http://crl.own.example/own.crl"]
        signer = try issuer.issue(signing, to: key.publicKey())
        try write(issuer.certificate.pem, "own.root.pem")
        try write(signer.pem, "own.sign.pem")
        try write(key.pem, "own.sign.key")
        try publish(thisUpdate: -24, nextUpdate: -1)
        try world.edit(
            "agencies.json5", "\"\(World.sender).sign.pem\"", "\"\(World.sender).sign.pem\", \"own.sign.pem\""
        )
        try world.edit("hub.json5", "anchors: [\"root.pem\"]", "anchors: [\"root.pem\", \"own.root.pem\"]")
        try world.edit("hub.json5", "crls: [\"crl.pem\"]", "crls: [\"crl.pem\", \"own.crl.pem\"]")
    }

    /// Puts a list in place, with times in hours from now; the hub reads it at its next reload.
    func publish(thisUpdate: Int64 = 0, nextUpdate: Int64 = 24, revokedAt: Int64? = nil) throws {
        let revoked = revokedAt.map {
            [RevokedSerial(serial: signer.serial, date: Self.now.adding(seconds: $0 * Self.hour))]
        }
        let list = try issuer.revocationList(
            revoking: revoked ?? [], thisUpdate: Self.now.adding(seconds: thisUpdate * Self.hour),
            nextUpdate: Self.now.adding(seconds: nextUpdate * Self.hour))
        try write(list.pem, "own.crl.pem")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: world.path(name)))
    }
}

extension World {
    /// Changes a file of the folder; what is to be changed must be there.
    func edit(_ name: String, _ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: path(name), encoding: .utf8)
        try #require(text.contains(old), "\(name) has no \(old)")
        try text.replacingOccurrences(of: old, with: new).write(
            toFile: path(name), atomically: true, encoding: .utf8)
    }

    func setUnknownRevocation(_ policy: String) throws {
        try edit(
            "agencies.json5", "signaturePolicy: \"enforce\"",
            "signaturePolicy: \"enforce\", unknownRevocation: \"\(policy)\"")
    }

    func reload() { daemon?.signal(SIGHUP) }
}
