internal import COpenSSL
package import Exchange
internal import Synchronization

/// Owns one `X509`, parsed once; everything that is asked often is read at that time.
///
// Sendable because nothing changes after init: the extension cache is filled there.
@safe package final class Certificate: @unchecked Sendable {
    let handle: OpaquePointer
    package let der: [UInt8]
    /// Of the DER.
    package let sha256: Digest256
    /// RFC 4514 text, for people. Compare `subjectDER`.
    package let subject: String
    package let issuer: String
    package let subjectDER: [UInt8]
    package let issuerDER: [UInt8]
    /// Magnitude, big-endian, without leading zeros.
    package let serial: [UInt8]
    package let notBefore: Instant
    package let notAfter: Instant
    package let publicKey: PublicKey
    /// Nil where the extension is absent: then every use is allowed.
    package let keyUsage: KeyUsage?
    /// Dotted; nil where the extension is absent.
    package let extendedKeyUsages: [String]?
    package let isExtendedKeyUsageCritical: Bool
    package let isAuthority: Bool
    package let subjectKeyIdentifier: [UInt8]
    /// URLs of CRLs that the certificate names.
    package let crlURLs: [String]
    package let ocspURLs: [String]
    private let noted = Atomic<UInt8>(0)

    /// Room for what a higher floor has found out from the certificate's own bytes, and nothing else; 0 for
    /// nothing yet. Certificates are kept from letter to letter, and whoever comes second writes the same.
    package var note: UInt8 {
        get { noted.load(ordering: .relaxed) }
        set { noted.store(newValue, ordering: .relaxed) }
    }

    /// - Throws: where `der` is not exactly one certificate, or one whose key, times or extensions cannot be
    ///   read.
    package init(der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed = unsafe ASN1.parse(der, free: { unsafe X509_free($0) }) { position, count in
            unsafe d2i_X509(nil, position, count)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading a certificate") }
        // Fills the extension cache while no other thread has the certificate.
        _ = unsafe X509_check_purpose(parsed, -1, -1)
        let flags = unsafe X509_get_extension_flags(parsed)
        guard flags & UInt32(EXFLAG_INVALID) == 0,
            let notBefore = unsafe ASN1.instant(X509_get0_notBefore(parsed)),
            let notAfter = unsafe ASN1.instant(X509_get0_notAfter(parsed)),
            let key = unsafe X509_get_pubkey(parsed)
        else {
            unsafe X509_free(parsed)
            throw .draining("reading a certificate's key, times or extensions")
        }
        unsafe handle = parsed
        self.der = der
        sha256 = SHA256.hash(der)
        subject = unsafe ASN1.text(of: X509_get_subject_name(parsed))
        issuer = unsafe ASN1.text(of: X509_get_issuer_name(parsed))
        subjectDER = unsafe ASN1.der(of: X509_get_subject_name(parsed))
        issuerDER = unsafe ASN1.der(of: X509_get_issuer_name(parsed))
        serial = unsafe ASN1.bytes(X509_get0_serialNumber(parsed))
        self.notBefore = notBefore
        self.notAfter = notAfter
        publicKey = unsafe PublicKey(adopting: key)
        let hasKeyUsage = flags & UInt32(EXFLAG_KUSAGE) != 0
        keyUsage = unsafe hasKeyUsage ? KeyUsage(rawValue: X509_get_key_usage(parsed)) : nil
        let purposes = unsafe Extensions.extendedKeyUsages(of: parsed)
        extendedKeyUsages = purposes?.dotted
        isExtendedKeyUsageCritical = purposes?.isCritical ?? false
        isAuthority = flags & UInt32(EXFLAG_CA) != 0
        subjectKeyIdentifier = unsafe ASN1.bytes(X509_get0_subject_key_id(parsed))
        crlURLs = unsafe Extensions.crlURLs(of: parsed)
        ocspURLs = unsafe Extensions.ocspURLs(of: parsed)
        ERR_clear_error()
    }

    deinit { unsafe X509_free(handle) }

    /// The first certificate of a PEM text.
    package convenience init(pem: [UInt8]) throws(OpenSSLError) {
        guard let block = PEMBlock.all(in: pem).first(where: { Self.labels.contains($0.label) }) else {
            throw OpenSSLError("reading a certificate", reasons: ["no CERTIFICATE block"])
        }
        try self.init(der: block.bytes)
    }

    /// Every certificate of a PEM text, or the one that DER bytes are.
    package static func all(in bytes: [UInt8]) throws(OpenSSLError) -> [Certificate] {
        if bytes.first == 0x30 { return [try Certificate(der: bytes)] }
        var certificates: [Certificate] = []
        for block in PEMBlock.all(in: bytes) where labels.contains(block.label) {
            certificates.append(try Certificate(der: block.bytes))
        }
        return certificates
    }

    private static let labels: Set<String> = ["CERTIFICATE", "X509 CERTIFICATE"]

    package var pem: [UInt8] { PEMBlock.encode(der, label: "CERTIFICATE") }

    /// Lower-case, as the magnitude is.
    package var serialHex: String { serial.isEmpty ? "00" : Hex.encode(serial) }

    /// True where the certificate names itself as its issuer and its own key signed it.
    package var isSelfSigned: Bool {
        guard subjectDER == issuerDER else { return false }
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe X509_self_signed(handle, 1) == 1
    }

    /// By name only, compared as OpenSSL does: case and spelling of the encoding apart.
    func namesAsIssuer(_ other: Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_get_issuer_name(handle), X509_get_subject_name(other.handle)) == 0
    }

    package func isValid(at instant: Instant) -> Bool {
        notBefore <= instant && instant <= notAfter
    }

    /// SHA-1 of the key, by which OCSP responders name themselves.
    var keyHash: [UInt8] {
        var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: CUnsignedInt = 0
        guard unsafe X509_pubkey_digest(handle, EVP_sha1(), &hash, &count) == 1 else { return [] }
        return Array(hash.prefix(Int(count)))
    }

    /// The issuer asks for no check whether this OCSP responder was revoked.
    var hasOCSPNoCheck: Bool { unsafe X509_get_ext_by_NID(handle, NID_id_pkix_OCSP_noCheck, -1) >= 0 }

    var hasUnknownCriticalExtension: Bool {
        unsafe X509_get_extension_flags(handle) & UInt32(EXFLAG_CRITICAL) != 0
    }

    /// True where the certificate or the extension in question says that somebody publishes its revocation.
    package var namesRevocationSource: Bool { !crlURLs.isEmpty || !ocspURLs.isEmpty }
}
