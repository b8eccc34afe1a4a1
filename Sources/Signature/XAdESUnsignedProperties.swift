internal import Exchange
internal import OpenSSL
internal import XML

/// What stands outside of a XAdES signature: timestamps over it, and the material to judge it by later, ETSI
/// EN 319 132-1 sections 5.3 to 5.5. Every kind is known by name; everything else is refused.
struct XAdESUnsignedProperties: Sendable {
    /// An encapsulated token.
    struct Timestamp: Sendable {
        let token: [UInt8]
        let form: CanonicalForm
    }

    struct Archive: Sendable {
        let timestamp: Timestamp
        /// How many properties stand before it and are covered.
        let place: Int
        /// Whether all timestamps and all evidence stand before it.
        var isLast = true
    }

    private(set) var signatureTimestamps: [Timestamp] = []
    private(set) var archiveTimestamps: [Archive] = []
    private(set) var certificates: [[UInt8]] = []
    private(set) var revocation = RevocationValues()
    /// In their order.
    private(set) var properties: [XMLElement] = []

    init() {}

    init(_ element: XMLElement) throws(SignatureReason) {
        guard element.holdsOnlyElements, element.elements.count == 1, let inner = element.elements.first,
            inner.isNamed(.unsignedSignatureProperties), inner.holdsOnlyElements
        else {
            throw SignatureReason(
                .unsignedPropertyForbidden, element.elements.first?.name.local.string ?? "")
        }
        properties = inner.elements
        for (place, property) in inner.elements.enumerated() {
            do {
                try take(property, place)
            } catch let reason as SignatureReason {
                throw reason
            } catch {
                throw SignatureReason(.unsignedPropertyForbidden, property.name.local.string)
            }
            guard signatureTimestamps.count + archiveTimestamps.count <= CMSUnsignedAttributes.timestampsMax
            else { throw SignatureReason(.tooManyTimestamps) }
        }
    }

    private mutating func take(_ property: XMLElement, _ place: Int) throws {
        let isOlder = property.name.namespace == Namespace.xades
        let isArchive = property.isNamed(.archiveTimestamp)
        // What comes after an archive timestamp is not covered by it; a further one covers both.
        if !isArchive {
            for index in archiveTimestamps.indices { archiveTimestamps[index].isLast = false }
        }
        switch property.name.local {
        case "SignatureTimeStamp" where isOlder: signatureTimestamps += try Self.timestamps(property)
        case "CertificateValues" where isOlder: try take(certificates: property)
        case "RevocationValues" where isOlder: try take(revocation: property)
        case "ArchiveTimeStamp" where isArchive:
            archiveTimestamps += try Self.timestamps(property).map { Archive(timestamp: $0, place: place) }
        case "TimeStampValidationData" where property.name.namespace == Namespace.xades141:
            for child in property.elements {
                if child.isNamed(.certificateValues) {
                    try take(certificates: child)
                } else if child.isNamed(.revocationValues) {
                    try take(revocation: child)
                } else {
                    throw SignatureReason(.unsignedPropertyForbidden, child.name.local.string)
                }
            }
        default: throw SignatureReason(.unsignedPropertyForbidden, property.name.local.string)
        }
    }

    /// The tokens of one property. Only the implicit mechanism: an Include would let the timestamp be over
    /// something of the writer's choice.
    private static func timestamps(_ property: XMLElement) throws(SignatureReason) -> [Timestamp] {
        var form = CanonicalForm(.inclusive10)
        var found: [Timestamp] = []
        for child in property.elements {
            if child.isNamed(.canonicalizationMethod), found.isEmpty {
                guard let named = try XMLReference.canonicalForm(child) else {
                    throw SignatureReason(.canonicalizationForbidden)
                }
                form = named
            } else if child.isNamed(.encapsulatedTimestamp) {
                found.append(Timestamp(token: try value(child), form: form))
            } else {
                throw SignatureReason(.timestampMalformed, child.name.local.string)
            }
        }
        guard !found.isEmpty else { throw SignatureReason(.timestampMalformed, "empty") }
        return found
    }

    private mutating func take(certificates element: XMLElement) throws(SignatureReason) {
        for child in element.elements {
            guard child.isNamed(.encapsulatedCertificate) else {
                throw SignatureReason(.unsignedPropertyForbidden, child.name.local.string)
            }
            guard certificates.count < XMLSignatureElement.certificatesMax else {
                throw SignatureReason(.tooManyCertificates)
            }
            certificates.append(try Self.value(child))
        }
    }

    private mutating func take(revocation element: XMLElement) throws(SignatureReason) {
        for group in element.elements {
            guard group.name.namespace == Namespace.xades,
                group.name.local == "CRLValues" || group.name.local == "OCSPValues"
            else { throw SignatureReason(.unsignedPropertyForbidden, group.name.local.string) }
            for child in group.elements {
                if child.isNamed(.encapsulatedCRL) {
                    try revocation.add(list: try Self.value(child))
                } else if child.isNamed(.encapsulatedOCSP) {
                    try revocation.add(response: try Self.value(child))
                } else {
                    throw SignatureReason(.unsignedPropertyForbidden, child.name.local.string)
                }
            }
        }
    }

    /// EncapsulatedPKIDataType: base64 of DER.
    private static func value(_ element: XMLElement) throws(SignatureReason) -> [UInt8] {
        let encoding = element.attribute("Encoding")
        guard encoding == nil || encoding == "http://uri.etsi.org/01903/v1.2.2#DER", let text = element.text,
            let der = Base64.decode(text, ignoringWhiteSpace: true), !der.isEmpty
        else { throw SignatureReason(.signatureEncoding, element.name.local.string) }
        return der
    }
}
