internal import Exchange
internal import XML

/// A whole ds:Signature element, held to the profile.
struct XMLSignatureElement {
    static let certificatesMax = 16
    static let signatureValueBytesMax = 4096

    let signedInfo: XMLSignedInfo
    let value: [UInt8]
    let valueElement: XMLElement
    /// DER, in the order of KeyInfo.
    let certificates: [[UInt8]]
    let properties: XAdESProperties?

    init(_ element: XMLElement) throws(SignatureReason) {
        guard element.holdsOnlyElements else {
            throw SignatureReason(.signatureStructure, "text in Signature")
        }
        try Self.checkIdentifiers(element)
        var rest = element.elements[...]
        guard let info = rest.popFirst(), info.isNamed(.signedInfo) else {
            throw SignatureReason(.signatureStructure, "SignedInfo")
        }
        guard !rest.contains(where: { $0.isNamed(.signedInfo) }) else {
            throw SignatureReason(.signedInfoRepeated)
        }
        signedInfo = try XMLSignedInfo(info)
        guard let value = rest.popFirst(), value.isNamed(.signatureValue) else {
            throw SignatureReason(.signatureStructure, "SignatureValue")
        }
        guard let text = value.text, text.count <= 2 * Self.signatureValueBytesMax,
            let bytes = Base64.decode(text, ignoringWhiteSpace: true), !bytes.isEmpty
        else { throw SignatureReason(.signatureEncoding, "SignatureValue") }
        self.value = bytes
        valueElement = value
        if let keys = rest.first, keys.isNamed(.keyInfo) {
            rest.removeFirst()
            certificates = try Self.certificates(keys)
        } else {
            certificates = []
        }
        properties = try Self.properties(rest, of: element, named: signedInfo.properties)
    }

    private static func certificates(_ keys: XMLElement) throws(SignatureReason) -> [[UInt8]] {
        guard keys.holdsOnlyElements else { throw SignatureReason(.keyInfoForbidden, "text") }
        var found: [[UInt8]] = []
        for data in keys.elements {
            guard data.isNamed(.x509Data) else {
                let isKey =
                    data.name.local == "KeyValue" || data.name.local == "DEREncodedKeyValue"
                throw SignatureReason(
                    isKey ? .keyValueForbidden : .keyInfoForbidden, data.name.local.string)
            }
            guard data.holdsOnlyElements else { throw SignatureReason(.keyInfoForbidden, "text") }
            for child in data.elements {
                try checkKnown(child)
                guard child.isNamed(.x509Certificate) else { continue }
                guard found.count < certificatesMax else { throw SignatureReason(.tooManyCertificates) }
                guard let text = child.text, let der = Base64.decode(text, ignoringWhiteSpace: true),
                    !der.isEmpty
                else { throw SignatureReason(.certificateUnreadable) }
                found.append(der)
            }
        }
        return found
    }

    /// Names, serial numbers and key identifiers beside the certificate prove nothing and are not read. But
    /// nothing else may stand here: the digest leaves the Signature out, so elements of a letter inside it
    /// would be shown to careless software under a signature that holds.
    private static func checkKnown(_ child: XMLElement) throws(SignatureReason) {
        let isKnown =
            switch SignatureName.of(child.name) {
            case .x509Certificate: true
            case .x509SubjectName, .x509SKI, .x509CRL, .x509Digest: !child.holdsElements
            case .x509IssuerSerial:
                child.elements.allSatisfy { part in
                    !part.holdsElements && (part.isNamed(.x509IssuerName) || part.isNamed(.x509SerialNumber))
                }
            default: false
            }
        guard isKnown else { throw SignatureReason(.keyInfoForbidden, child.name.local.string) }
    }

    private static func properties(
        _ objects: ArraySlice<XMLElement>, of signature: XMLElement, named reference: XMLReference?
    ) throws(SignatureReason) -> XAdESProperties? {
        guard let object = objects.first else {
            guard reference == nil else { throw SignatureReason(.propertiesMismatch) }
            return nil
        }
        guard object.isNamed(.object) else {
            throw SignatureReason(.signatureStructure, object.name.local.string)
        }
        let children = object.elements
        let child = children.first
        if child?.isNamed(.manifest) == true {
            throw SignatureReason(.manifestForbidden)
        }
        guard objects.count == 1, object.holdsOnlyElements, children.count == 1, let child,
            child.isNamed(.qualifyingProperties)
        else { throw SignatureReason(.objectForbidden, child?.name.local.string ?? "") }
        guard let reference, case .properties(let identifier) = reference.target else {
            throw SignatureReason(.propertiesMismatch)
        }
        return try XAdESProperties(child, signature: signature, identifier: identifier, reference: reference)
    }

    private static func isIdentifier(_ local: ExactString) -> Bool {
        local == "Id" || local == "ID" || local == "id"
    }

    /// An Id that stands twice would let a Reference mean another element than the one that we read.
    private static func checkIdentifiers(_ element: XMLElement) throws(SignatureReason) {
        var seen: Set<ExactString> = []
        try element.forEachAttribute { (attribute) throws(SignatureReason) in
            guard isIdentifier(attribute.name.local) else { return }
            guard let value = ExactString(utf8: attribute.value), seen.insert(value).inserted else {
                throw SignatureReason(.identifierRepeated)
            }
        }
    }
}
