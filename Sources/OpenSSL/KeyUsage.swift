/// RFC 5280 section 4.2.1.3, with OpenSSL's numbers for the bits.
package struct KeyUsage: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let digitalSignature = KeyUsage(rawValue: 0x0080)
    package static let nonRepudiation = KeyUsage(rawValue: 0x0040)
    package static let keyEncipherment = KeyUsage(rawValue: 0x0020)
    package static let dataEncipherment = KeyUsage(rawValue: 0x0010)
    package static let keyAgreement = KeyUsage(rawValue: 0x0008)
    package static let keyCertSign = KeyUsage(rawValue: 0x0004)
    package static let crlSign = KeyUsage(rawValue: 0x0002)

    /// As OpenSSL's extension configuration spells them.
    var configuration: String {
        let names: [(KeyUsage, String)] = [
            (.digitalSignature, "digitalSignature"), (.nonRepudiation, "nonRepudiation"),
            (.keyEncipherment, "keyEncipherment"), (.dataEncipherment, "dataEncipherment"),
            (.keyAgreement, "keyAgreement"), (.keyCertSign, "keyCertSign"), (.crlSign, "cRLSign"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}

/// Purposes that the extended key usage extension names, RFC 5280 section 4.2.1.12.
package enum ExtendedKeyUsage {
    package static let any = "2.5.29.37.0"
    package static let serverAuthentication = "1.3.6.1.5.5.7.3.1"
    package static let clientAuthentication = "1.3.6.1.5.5.7.3.2"
    package static let emailProtection = "1.3.6.1.5.5.7.3.4"
    package static let timeStamping = "1.3.6.1.5.5.7.3.8"
    package static let ocspSigning = "1.3.6.1.5.5.7.3.9"
    /// RFC 9336.
    package static let documentSigning = "1.3.6.1.5.5.7.3.36"
    package static let microsoftDocumentSigning = "1.3.6.1.4.1.311.10.3.12"
    package static let adobeDocumentSigning = "1.2.840.113583.1.1.5"

    /// What a certificate that signs letters may be for.
    package static let documentPurposes: Set<String> = [
        documentSigning, emailProtection, microsoftDocumentSigning, adobeDocumentSigning,
    ]
}
