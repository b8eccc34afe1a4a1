internal import COpenSSL
package import Exchange

/// RFC 5280 section 5.3.1.
package enum RevocationReason: Int, Sendable, CaseIterable {
    case unspecified = 0
    case keyCompromise = 1
    case authorityCompromise = 2
    case affiliationChanged = 3
    case superseded = 4
    case cessationOfOperation = 5
    case certificateHold = 6
    case removeFromCRL = 8
    case privilegeWithdrawn = 9
    case attributeAuthorityCompromise = 10
}

/// Owns one `X509_CRL`.
///
// Sendable because nothing changes after init but the order of its entries, which OpenSSL guards by a lock.
@safe package final class CertificateList: @unchecked Sendable {
    package struct Entry: Sendable, Equatable {
        package let date: Instant
        package let reason: RevocationReason
    }

    private let handle: OpaquePointer
    package let der: [UInt8]
    package let sha256: Digest256
    package let issuer: String
    package let issuerDER: [UInt8]
    package let thisUpdate: Instant
    /// Nil where the issuer promises no next one.
    package let nextUpdate: Instant?
    private let scope: Scope?

    /// - Throws: where `der` is not exactly one CRL whose times can be read.
    package init(der: [UInt8]) throws(OpenSSLError) {
        ERR_clear_error()
        let parsed = unsafe ASN1.parse(der, free: { unsafe X509_CRL_free($0) }) { position, count in
            unsafe d2i_X509_CRL(nil, position, count)
        }
        guard let parsed = unsafe parsed else { throw .draining("reading a CRL") }
        let next = unsafe X509_CRL_get0_nextUpdate(parsed)
        let nextUpdate = unsafe ASN1.instant(next)
        guard let thisUpdate = unsafe ASN1.instant(X509_CRL_get0_lastUpdate(parsed)),
            unsafe next == nil || nextUpdate != nil
        else {
            unsafe X509_CRL_free(parsed)
            throw .draining("reading a CRL's times")
        }
        unsafe handle = parsed
        self.der = der
        sha256 = SHA256.hash(der)
        issuer = unsafe ASN1.text(of: X509_CRL_get_issuer(parsed))
        issuerDER = unsafe ASN1.der(of: X509_CRL_get_issuer(parsed))
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        scope = unsafe Scope(of: parsed)
        ERR_clear_error()
    }

    deinit { unsafe X509_CRL_free(handle) }

    /// Every CRL of a PEM text, or the one that DER bytes are.
    package static func all(in bytes: [UInt8]) throws(OpenSSLError) -> [CertificateList] {
        if bytes.first == 0x30 { return [try CertificateList(der: bytes)] }
        var lists: [CertificateList] = []
        for block in PEMBlock.all(in: bytes) where block.label == "X509 CRL" {
            lists.append(try CertificateList(der: block.bytes))
        }
        return lists
    }

    package var pem: [UInt8] { PEMBlock.encode(der, label: "X509 CRL") }

    /// True where the CRL speaks for `certificate` at all: all reasons, not a delta, not indirect, no part of
    /// a partitioned list that the certificate does not belong to, no critical extension that we do not know.
    package func covers(_ certificate: Certificate) -> Bool {
        guard let scope, issuerDER == certificate.issuerDER else { return false }
        if scope.onlyUsers && certificate.isAuthority || scope.onlyAuthorities && !certificate.isAuthority {
            return false
        }
        guard let urls = scope.urls else { return true }
        return urls.contains { url in certificate.crlURLs.contains { $0.utf8.elementsEqual(url.utf8) } }
    }

    /// True where `issuer` may sign CRLs and its key signed this one, with an algorithm that is evidence
    /// today.
    package func isSigned(by issuer: Certificate) -> Bool {
        if let usage = issuer.keyUsage, !usage.contains(.crlSign) { return false }
        guard issuer.subjectDER == issuerDER, hasStrongSignature else { return false }
        ERR_clear_error()
        defer { ERR_clear_error() }
        return unsafe X509_CRL_verify(handle, issuer.publicKey.handle) == 1
    }

    /// What the list says of `certificate`; nil where it does not name it, or takes a hold back.
    package func entry(for certificate: Certificate) -> Entry? {
        var entry: OpaquePointer?
        guard unsafe X509_CRL_get0_by_cert(handle, &entry, certificate.handle) == 1, let entry = unsafe entry
        else { return nil }
        var reason = RevocationReason.unspecified
        if let value = unsafe X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nil, nil) {
            let number = unsafe value.assumingMemoryBound(to: ASN1_ENUMERATED.self)
            defer { unsafe ASN1_ENUMERATED_free(number) }
            reason = unsafe RevocationReason(rawValue: ASN1_ENUMERATED_get(number)) ?? .unspecified
        }
        // A date that cannot be read must not make a revoked certificate good: it counts from the beginning.
        let date = unsafe ASN1.instant(X509_REVOKED_get0_revocationDate(entry)) ?? Instant(milliseconds: .min)
        return Entry(date: date, reason: reason)
    }

    private var hasStrongSignature: Bool {
        var digest = NID_undef
        var key = NID_undef
        guard unsafe OBJ_find_sigid_algs(X509_CRL_get_signature_nid(handle), &digest, &key) == 1 else {
            return false
        }
        if digest == NID_undef, key == NID_rsassaPss { digest = pssDigest }
        return [NID_sha256, NID_sha384, NID_sha512].contains(digest) || key == NID_ED25519
    }

    /// The digest that RSASSA-PSS parameters name; SHA-1 where they name none, as RFC 4055 has it.
    private var pssDigest: CInt {
        var algorithm: UnsafePointer<X509_ALGOR>?
        unsafe X509_CRL_get0_signature(handle, nil, &algorithm)
        var type: CInt = 0
        var value: UnsafeRawPointer?
        unsafe X509_ALGOR_get0(nil, &type, &value, algorithm)
        guard type == V_ASN1_SEQUENCE, let value = unsafe value else { return NID_sha1 }
        let bytes = unsafe ASN1.bytes(value.assumingMemoryBound(to: ASN1_STRING.self))
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            guard let parameters = unsafe d2i_RSA_PSS_PARAMS(nil, &position, buffer.count) else {
                return NID_undef
            }
            defer { unsafe RSA_PSS_PARAMS_free(parameters) }
            guard let hash = unsafe parameters.pointee.hashAlgorithm else { return NID_sha1 }
            return unsafe OBJ_obj2nid(hash.pointee.algorithm)
        }
    }
}

extension CertificateList {
    /// What the issuing distribution point narrows the list to.
    fileprivate struct Scope {
        var onlyUsers = false
        var onlyAuthorities = false
        /// Names of the part of a partitioned list; nil where the list is whole.
        var urls: [String]?

        /// Nil for a list that we must not use: a delta, an indirect one, one for some reasons only, one with
        /// a critical extension that we do not know. Its silence about a certificate would mean nothing.
        init?(of list: OpaquePointer) {
            for index in 0..<(unsafe X509_CRL_get_ext_count(list)) {
                let item = unsafe X509_CRL_get_ext(list, index)
                let kind = unsafe OBJ_obj2nid(X509_EXTENSION_get_object(item))
                if kind == NID_delta_crl { return nil }
                let isKnown = [NID_issuing_distribution_point, NID_crl_number, NID_authority_key_identifier]
                    .contains(kind)
                if unsafe !isKnown && X509_EXTENSION_get_critical(item) != 0 { return nil }
            }
            var found: CInt = 0
            guard let value = unsafe X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &found, nil)
            else {
                // −1: absent. Anything else: there, but unreadable or twice.
                if found == -1 { return }
                return nil
            }
            let point = unsafe value.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
            defer { unsafe ISSUING_DIST_POINT_free(point) }
            guard unsafe point.pointee.indirectCRL <= 0, unsafe point.pointee.onlyattr <= 0,
                unsafe point.pointee.onlysomereasons == nil
            else { return nil }
            onlyUsers = unsafe point.pointee.onlyuser > 0
            onlyAuthorities = unsafe point.pointee.onlyCA > 0
            if let name = unsafe point.pointee.distpoint { urls = unsafe Extensions.fullNames(name) }
        }
    }
}
