internal import Exchange
internal import OpenSSL
internal import XML

/// One ds:Reference, held to the profile.
struct XMLReference {
    enum Target: Equatable {
        /// `URI=""`: the document without the signature.
        case document
        /// XAdES SignedProperties with that Id.
        case properties(ExactString)
    }

    let target: Target
    let form: CanonicalForm
    /// False where no transform names a canonical form.
    let namesForm: Bool
    let algorithm: DigestAlgorithm
    let digest: [UInt8]

    init(_ element: XMLElement) throws(SignatureReason) {
        guard element.holdsOnlyElements else { throw SignatureReason(.signatureStructure, "Reference") }
        guard let uri = element.attribute("URI") else { throw SignatureReason(.referenceMissing, "URI") }
        if uri.isEmpty {
            target = .document
        } else if uri.string.utf8.first == 0x23,
            element.attribute("Type") == XMLAlgorithms.signedPropertiesType
        {
            // By bytes: a mark that combines with "#" would go with it.
            target = .properties(ExactString(String(uri.string.utf8.dropFirst()) ?? ""))
        } else {
            throw SignatureReason(.referenceExternal, uri.string)
        }
        var rest = element.elements[...]
        var transforms: [XMLElement] = []
        if let first = rest.first, first.isNamed(.transforms) {
            transforms = first.elements
            rest.removeFirst()
            guard first.holdsOnlyElements else { throw SignatureReason(.signatureStructure, "Transforms") }
        }
        form = try Self.form(transforms, for: target)
        namesForm = transforms.count > (target == .document ? 1 : 0)
        guard rest.count == 2, let method = rest.first, let value = rest.last,
            method.isNamed(.digestMethod), value.isNamed(.digestValue)
        else { throw SignatureReason(.signatureStructure, "Reference") }
        algorithm = try Self.digest(method)
        guard let text = value.text, text.count <= 1024,
            let digest = Base64.decode(text, ignoringWhiteSpace: true),
            digest.count == algorithm.byteCount || algorithm == .sha1
        else { throw SignatureReason(.signatureEncoding, "DigestValue") }
        self.digest = digest
    }

    /// The digest that a DigestMethod element names.
    static func digest(_ element: XMLElement) throws(SignatureReason) -> DigestAlgorithm {
        let identifier = element.attribute("Algorithm") ?? ""
        guard let algorithm = XMLAlgorithms.digest(identifier) else {
            throw SignatureReason(.digestForbidden, identifier.string)
        }
        guard !element.holdsElements else { throw SignatureReason(.signatureStructure, "DigestMethod") }
        return algorithm
    }

    /// Enveloped-signature and then at most one canonicalisation; for properties the latter only. Counted
    /// before anything is done, so that a long chain costs nothing.
    private static func form(_ transforms: [XMLElement], for target: Target) throws(SignatureReason)
        -> CanonicalForm
    {
        var rest = transforms[...]
        for transform in rest where !transform.isNamed(.transform) {
            throw SignatureReason(.transformForbidden, transform.name.local.string)
        }
        if target == .document {
            guard let first = rest.popFirst(),
                first.attribute("Algorithm") == XMLAlgorithms.envelopedSignature,
                !first.holdsElements
            else { throw SignatureReason(.transformForbidden, "enveloped-signature is not the first") }
        }
        // XML-DSig section 4.4.3.2: octets are wanted, so Canonical XML 1.0 is applied where nothing is
        // named.
        guard let last = rest.popFirst() else { return CanonicalForm(.inclusive10) }
        guard rest.isEmpty else {
            throw SignatureReason(.transformForbidden, "\(transforms.count) transforms")
        }
        guard let form = try canonicalForm(last) else {
            throw SignatureReason(.transformForbidden, last.attribute("Algorithm")?.string ?? "")
        }
        return form
    }

    /// The canonicalisation that an element's Algorithm names; nil where it names something else.
    static func canonicalForm(_ element: XMLElement) throws(SignatureReason) -> CanonicalForm? {
        let identifier = element.attribute("Algorithm") ?? ""
        guard let method = CanonicalizationMethod(identifier: identifier) else { return nil }
        var prefixes: [ExactString] = []
        for child in element.elements {
            guard method == .exclusive10, child.isNamed(.inclusiveNamespaces),
                !child.holdsElements, prefixes.isEmpty
            else { throw SignatureReason(.transformForbidden, child.name.local.string) }
            let list = child.attribute("PrefixList")?.string ?? ""
            // By scalars: CR LF is one Character.
            prefixes = list.unicodeScalars.split(whereSeparator: { [" ", "\t", "\n", "\r"].contains($0) })
                .map { ExactString(String($0)) }
            guard prefixes.count <= 64 else { throw SignatureReason(.transformForbidden, "PrefixList") }
        }
        return CanonicalForm(method, prefixes: prefixes)
    }
}
