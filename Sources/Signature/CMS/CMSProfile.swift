/// What a CMS message is held to beyond RFC 5652 and DER.
enum CMSProfile: Sendable {
    /// A CAdES baseline signature beside a file: content type data, no content inside, an ESS
    /// signing-certificate-v2 attribute that names the signer.
    case cades
    /// `ETSI.CAdES.detached` in a PDF, EN 319 142-1 section 5.3: as `cades`; a signing-time attribute does
    /// not belong there and gets a remark.
    case pades
    /// `adbe.pkcs7.detached` in a PDF, ISO 32000-1 section 12.8.3.3: no ESS attribute is demanded, and one
    /// that is missing gets a remark; revocation data stands in a signed attribute.
    case pkcs7
    /// An RFC 3161 token: content type id-ct-TSTInfo, the content inside, an ESS signing-certificate or
    /// signing-certificate-v2 attribute that names the authority.
    case timestamp

    var contentType: [UInt8] {
        switch self {
        case .cades, .pades, .pkcs7: CMSObject.data
        case .timestamp: CMSObject.timestampInfo
        }
    }
}
