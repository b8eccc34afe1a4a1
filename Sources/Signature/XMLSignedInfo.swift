internal import Exchange
internal import OpenSSL
internal import XML

/// ds:SignedInfo, held to the profile, with the bytes that were signed.
struct XMLSignedInfo {
    let canonical: [UInt8]
    let algorithm: SignatureAlgorithm
    let document: XMLReference
    let properties: XMLReference?
    /// The order of the two References.
    let startsWithProperties: Bool

    init(_ element: XMLElement) throws(SignatureReason) {
        let parts = element.elements
        guard element.holdsOnlyElements, parts.count >= 2, parts[0].isNamed(.canonicalizationMethod),
            parts[1].isNamed(.signatureMethod)
        else { throw SignatureReason(.signatureStructure, "SignedInfo") }
        let method = parts[0]
        guard let form = try XMLReference.canonicalForm(method) else {
            throw SignatureReason(.canonicalizationForbidden, method.attribute("Algorithm")?.string ?? "")
        }
        algorithm = try Self.algorithm(parts[1])
        let rest = parts.dropFirst(2)
        guard !rest.isEmpty else { throw SignatureReason(.referenceMissing) }
        guard rest.count <= 2 else { throw SignatureReason(.referenceRepeated, "\(rest.count)") }
        var document: XMLReference?
        var properties: XMLReference?
        var startsWithProperties = false
        for child in rest {
            guard child.isNamed(.reference) else {
                throw SignatureReason(.signatureStructure, child.name.local.string)
            }
            let reference = try XMLReference(child)
            switch reference.target {
            case .document:
                guard document == nil else { throw SignatureReason(.referenceRepeated) }
                document = reference
            case .properties:
                guard properties == nil else { throw SignatureReason(.referenceRepeated) }
                startsWithProperties = document == nil
                properties = reference
            }
        }
        guard let document else { throw SignatureReason(.referenceMissing) }
        self.document = document
        self.properties = properties
        self.startsWithProperties = startsWithProperties
        canonical = element.canonical(form)
    }

    private static func algorithm(_ element: XMLElement) throws(SignatureReason) -> SignatureAlgorithm {
        let identifier = element.attribute("Algorithm") ?? ""
        if element.first(.hmacOutputLength) != nil {
            throw SignatureReason(.outputLengthForbidden)
        }
        if identifier == XMLAlgorithms.pssWithParameters { return try pss(element) }
        guard let algorithm = XMLAlgorithms.signature(identifier) else {
            throw SignatureReason(.algorithmForbidden, identifier.string)
        }
        guard !element.holdsElements else { throw SignatureReason(.signatureStructure, "SignatureMethod") }
        return algorithm
    }

    /// RFC 6931 section 2.3.9: SHA-256, MGF1 with the same digest, salt as long as the digest unless said
    /// otherwise; a different digest for MGF1 is refused, as nobody has a reason for one.
    private static func pss(_ element: XMLElement) throws(SignatureReason) -> SignatureAlgorithm {
        guard let parameters = element.elements.first else { return .rsaPSS(.sha256) }
        guard element.elements.count == 1, parameters.isNamed(.pssParameters) else {
            throw SignatureReason(.algorithmParameters, "RSAPSSParams")
        }
        var digest = DigestAlgorithm.sha256
        var maskDigest: DigestAlgorithm?
        var salt: Int?
        for child in parameters.elements {
            switch child.name.local {
            case "DigestMethod": digest = try XMLReference.digest(child)
            case "MaskGenerationFunction":
                guard child.attribute("Algorithm") == XMLAlgorithms.maskGeneration1 else {
                    throw SignatureReason(.algorithmParameters, "MaskGenerationFunction")
                }
                if let method = child.elements.first { maskDigest = try XMLReference.digest(method) }
            case "SaltLength":
                guard let text = child.trimmedText, let count = Int(text), (0...512).contains(count) else {
                    throw SignatureReason(.algorithmParameters, "SaltLength")
                }
                salt = count
            case "TrailerField":
                guard child.trimmedText == "1" else {
                    throw SignatureReason(.algorithmParameters, "TrailerField")
                }
            default: throw SignatureReason(.algorithmParameters, child.name.local.string)
            }
        }
        guard maskDigest ?? digest == digest else { throw SignatureReason(.algorithmParameters, "MGF1") }
        return .rsaPSS(digest, saltByteCount: salt ?? digest.byteCount)
    }
}
