internal import Exchange
internal import XML

/// The elements that a signature is made of, and those around it, by number.
///
/// Each is asked for by name several times a letter, and comparing its namespace byte by byte took as long
/// as reading it had.
enum SignatureName: UInt8 {
    /// Nobody has looked yet.
    case unknown
    /// None of these.
    case other

    // edXML's, around the signature.
    case edXML, envelope, header
    /// Called Signature, in another namespace.
    case foreignSignature

    // XML-DSig.
    case signature, signedInfo, canonicalizationMethod, signatureMethod, hmacOutputLength, reference
    case transforms, transform, digestMethod, digestValue, signatureValue, object, manifest
    case keyInfo, x509Data, x509Certificate, x509SubjectName, x509SKI, x509CRL, x509Digest
    case x509IssuerSerial, x509IssuerName, x509SerialNumber
    case inclusiveNamespaces, pssParameters

    // XAdES.
    case qualifyingProperties, signedProperties, signedSignatureProperties, signingTime
    case signingCertificate, signingCertificateV2, cert, certDigest, issuerSerial, issuerSerialV2
    case unsignedProperties, unsignedSignatureProperties, archiveTimestamp
    case certificateValues, encapsulatedCertificate
    case revocationValues, encapsulatedCRL, encapsulatedOCSP, encapsulatedTimestamp

    /// Found once for each name and noted there: it follows from the name alone.
    static func of(_ name: XMLName) -> Self {
        if let known = Self(rawValue: name.signatureNote), known != .unknown { return known }
        let found = find(name)
        name.signatureNote = found.rawValue
        return found
    }

    private static func find(_ name: XMLName) -> Self {
        if let known = all[name.namespace]?[name.local] { return known }
        return name.local == "Signature" ? .foreignSignature : .other
    }

    private static let all: [ExactString: [ExactString: Self]] = [
        Namespace.edXML: ["edXML": .edXML, "edXMLEnvelope": .envelope, "edXMLHeader": .header],
        Namespace.signature: [
            "Signature": .signature, "SignedInfo": .signedInfo,
            "CanonicalizationMethod": .canonicalizationMethod, "SignatureMethod": .signatureMethod,
            "HMACOutputLength": .hmacOutputLength, "Reference": .reference, "Transforms": .transforms,
            "Transform": .transform, "DigestMethod": .digestMethod, "DigestValue": .digestValue,
            "SignatureValue": .signatureValue, "Object": .object, "Manifest": .manifest,
            "KeyInfo": .keyInfo, "X509Data": .x509Data, "X509Certificate": .x509Certificate,
            "X509SubjectName": .x509SubjectName, "X509SKI": .x509SKI, "X509CRL": .x509CRL,
            "X509IssuerSerial": .x509IssuerSerial, "X509IssuerName": .x509IssuerName,
            "X509SerialNumber": .x509SerialNumber,
        ],
        Namespace.signature11: ["X509Digest": .x509Digest],
        Namespace.exclusive: ["InclusiveNamespaces": .inclusiveNamespaces],
        Namespace.more2007: ["RSAPSSParams": .pssParameters],
        Namespace.xades: [
            "QualifyingProperties": .qualifyingProperties, "SignedProperties": .signedProperties,
            "SignedSignatureProperties": .signedSignatureProperties, "SigningTime": .signingTime,
            "SigningCertificate": .signingCertificate, "SigningCertificateV2": .signingCertificateV2,
            "Cert": .cert, "CertDigest": .certDigest, "IssuerSerial": .issuerSerial,
            "IssuerSerialV2": .issuerSerialV2, "UnsignedProperties": .unsignedProperties,
            "UnsignedSignatureProperties": .unsignedSignatureProperties,
            "CertificateValues": .certificateValues,
            "EncapsulatedX509Certificate": .encapsulatedCertificate,
            "RevocationValues": .revocationValues, "EncapsulatedCRLValue": .encapsulatedCRL,
            "EncapsulatedOCSPValue": .encapsulatedOCSP, "EncapsulatedTimeStamp": .encapsulatedTimestamp,
        ],
        Namespace.xades141: ["ArchiveTimeStamp": .archiveTimestamp],
    ]
}

extension XMLElement {
    func isNamed(_ name: SignatureName) -> Bool { SignatureName.of(self.name) == name }

    /// The first element of that name inside it; not inside of those.
    func first(_ name: SignatureName) -> XMLElement? {
        firstElement { SignatureName.of($0) == name }
    }
}
