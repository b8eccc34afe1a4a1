internal import Exchange
internal import OpenSSL

/// Namespaces that a signature is made of.
enum Namespace {
    static let signature: ExactString = "http://www.w3.org/2000/09/xmldsig#"
    static let signature11: ExactString = "http://www.w3.org/2009/xmldsig11#"
    static let exclusive: ExactString = "http://www.w3.org/2001/10/xml-exc-c14n#"
    static let more2007: ExactString = "http://www.w3.org/2007/05/xmldsig-more#"
    static let xades: ExactString = "http://uri.etsi.org/01903/v1.3.2#"
    static let xades141: ExactString = "http://uri.etsi.org/01903/v1.4.1#"
    static let edXML: ExactString = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
}

/// Identifiers of XML-DSig and RFC 6931, both ways.
enum XMLAlgorithms {
    static let envelopedSignature: ExactString = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
    static let signedPropertiesType: ExactString = "http://uri.etsi.org/01903#SignedProperties"
    /// RSASSA-PSS with explicit or default parameters, RFC 6931 section 2.3.9.
    static let pssWithParameters: ExactString = "http://www.w3.org/2007/05/xmldsig-more#rsa-pss"
    static let maskGeneration1: ExactString = "http://www.w3.org/2007/05/xmldsig-more#MGF1"

    // In order and not hashed: hashing an identifier costs more than comparing it with all of these.
    private static let digests: [(identifier: ExactString, algorithm: DigestAlgorithm)] = [
        ("http://www.w3.org/2001/04/xmlenc#sha256", .sha256),
        ("http://www.w3.org/2001/04/xmldsig-more#sha384", .sha384),
        ("http://www.w3.org/2001/04/xmlenc#sha512", .sha512),
        ("http://www.w3.org/2000/09/xmldsig#sha1", .sha1),
    ]

    private static let signatures: [(identifier: ExactString, algorithm: SignatureAlgorithm)] = [
        ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", .rsaPKCS1(.sha1)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", .rsaPKCS1(.sha256)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", .rsaPKCS1(.sha384)),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", .rsaPKCS1(.sha512)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", .rsaPSS(.sha256)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", .rsaPSS(.sha384)),
        ("http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", .rsaPSS(.sha512)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", .ecdsa(.sha1, .fixedLength)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", .ecdsa(.sha256, .fixedLength)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", .ecdsa(.sha384, .fixedLength)),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", .ecdsa(.sha512, .fixedLength)),
    ]

    static func digest(_ identifier: ExactString) -> DigestAlgorithm? {
        digests.first { $0.identifier == identifier }?.algorithm
    }
    static func signature(_ identifier: ExactString) -> SignatureAlgorithm? {
        signatures.first { $0.identifier == identifier }?.algorithm
    }

    static func identifier(of algorithm: SignatureAlgorithm) -> ExactString? {
        signatures.first { $0.algorithm == algorithm }?.identifier
    }

    static func identifier(of digest: DigestAlgorithm) -> ExactString {
        guard let found = digests.first(where: { $0.algorithm == digest }) else {
            preconditionFailure("no identifier for \(digest)")
        }
        return found.identifier
    }
}
