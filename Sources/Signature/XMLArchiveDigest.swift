internal import Exchange
internal import OpenSSL
internal import XML

/// The digest that a XAdES ArchiveTimeStamp is made over, EN 319 132-1 section 5.5.2: what the References
/// cover in their order, SignedInfo, SignatureValue, KeyInfo, and the properties before it.
///
/// The document is in the midst of that, and it is streamed: what comes before it is digested first, what
/// comes after it is known already and waits.
struct XMLArchiveDigest {
    let digester: Digester
    private let rest: [UInt8]

    /// Nil where the token cannot be read, or where the document's form is the timestamp's to choose and not
    /// the Reference's.
    init?(
        _ archive: XAdESUnsignedProperties.Archive, of signature: XMLSignatureElement, in element: XMLElement
    ) {
        guard let token = try? TimestampToken(archive.timestamp.token),
            let properties = signature.properties, let reference = signature.signedInfo.properties
        else { return nil }
        let document = signature.signedInfo.document
        let form = archive.timestamp.form
        guard document.namesForm || document.form == form else { return nil }
        digester = Digester(token.imprintDigest)
        let signed = properties.signed.canonical(reference.namesForm ? reference.form : form)
        var rest: [UInt8] = []
        if signature.signedInfo.startsWithProperties { digester.update(signed) } else { rest += signed }
        for name in ["SignedInfo", "SignatureValue", "KeyInfo"] {
            for child in element.elements
            where child.name.local.string == name && child.name.namespace == Namespace.signature {
                rest += child.canonical(form)
            }
        }
        for property in properties.unsigned.properties.prefix(archive.place) {
            rest += property.canonical(form)
        }
        self.rest = rest
    }

    /// Once the document has gone through `digester`.
    func finalize() -> [UInt8] {
        digester.update(rest)
        return digester.finalize()
    }
}
