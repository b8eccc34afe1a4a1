internal import Exchange
internal import OpenSSL
internal import XML

/// Writes a ds:Signature (XML Signature 1.1) over the whole document it will stand in.
struct SignatureElement {
    static let namespace = "http://www.w3.org/2000/09/xmldsig#"

    private let identity: SigningIdentity
    private let documentDigest: [UInt8]

    /// - Parameter documentDigest: SHA-256 of the exclusive canonical form of the document without the
    ///   element.
    init(_ identity: SigningIdentity, documentDigest: [UInt8]) {
        self.identity = identity
        self.documentDigest = documentDigest
    }

    func bytes() throws(OpenSSLError) -> [UInt8] {
        let content = signedInfoContent
        // What is signed is SignedInfo's exclusive canonical form: its content is written in that form
        // already, and the namespace that it takes over from Signature moves to its own start tag.
        let canonical = "<SignedInfo xmlns=\"\(Self.namespace)\">\(content)</SignedInfo>"
        let signature = try identity.key.sign(Array(canonical.utf8), Self.onTheWire(identity.algorithm))
        let text =
            "<Signature xmlns=\"\(Self.namespace)\"><SignedInfo>\(content)</SignedInfo>"
            + "<SignatureValue>\(Base64.encode(signature))</SignatureValue>"
            + "<KeyInfo><X509Data>\(subjectName)\(certificates)</X509Data></KeyInfo></Signature>"
        return Array(text.utf8)
    }

    private var signedInfoContent: String {
        let canonicalization = CanonicalizationMethod.exclusive10.identifier
        return Self.algorithm("CanonicalizationMethod", canonicalization)
            + Self.algorithm("SignatureMethod", Self.identifier(of: identity.algorithm))
            + "<Reference URI=\"\"><Transforms>"
            + Self.algorithm("Transform", "\(Self.namespace)enveloped-signature")
            + Self.algorithm("Transform", canonicalization)
            + "</Transforms>" + Self.algorithm("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256")
            + "<DigestValue>\(Base64.encode(documentDigest))</DigestValue></Reference>"
    }

    private static func algorithm(_ element: String, _ identifier: String) -> String {
        "<\(element) Algorithm=\"\(identifier)\"></\(element)>"
    }

    private var subjectName: String {
        // For people; the certificate says it again. A name that XML cannot hold is left out.
        guard XMLEscaping.isAllowed(identity.certificate.subject) else { return "" }
        var escaped: [UInt8] = []
        XMLEscaping.appendText(identity.certificate.subject, to: &escaped)
        return "<X509SubjectName>\(String(decoding: escaped, as: UTF8.self))</X509SubjectName>"
    }

    private var certificates: String {
        ([identity.certificate] + identity.chain)
            .map { "<X509Certificate>\(Base64.encode($0.der))</X509Certificate>" }.joined()
    }

    /// XML Signature 1.1 section 6.4.3: r ‖ s.
    private static func onTheWire(_ algorithm: SignatureAlgorithm) -> SignatureAlgorithm {
        if case .ecdsa(let digest, _) = algorithm { return .ecdsa(digest, .fixedLength) }
        return algorithm
    }

    /// RFC 9231 sections 2.3.2, 2.3.6 and 2.3.10.
    private static func identifier(of algorithm: SignatureAlgorithm) -> String {
        switch algorithm {
        case .rsaPKCS1(let digest): "http://www.w3.org/2001/04/xmldsig-more#rsa-\(name(of: digest))"
        case .rsaPSS(let digest, _): "http://www.w3.org/2007/05/xmldsig-more#\(name(of: digest))-rsa-MGF1"
        case .ecdsa(let digest, _): "http://www.w3.org/2001/04/xmldsig-more#ecdsa-\(name(of: digest))"
        case .ed25519: preconditionFailure("a signing identity has no Ed25519 key")
        }
    }

    private static func name(of digest: DigestAlgorithm) -> String {
        switch digest {
        case .sha1: preconditionFailure("a signing identity has no SHA-1")
        case .sha256: "sha256"
        case .sha384: "sha384"
        case .sha512: "sha512"
        }
    }
}
