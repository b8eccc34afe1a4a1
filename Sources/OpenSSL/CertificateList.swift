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
    /// Expired certificates stay in the list if they expired after this; nil where the issuer drops them.
    package let expiredKeptFrom: Instant?
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
        expiredKeptFrom = unsafe Self.expiredKeptFrom(parsed)
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

    /// How much the CRL says of a certificate.
    package enum Coverage: Sendable {
        /// Nothing: it belongs to another issuer or to another part of a partitioned list, or it is one that
        /// we do not read (indirect, or with a critical extension that we do not know).
        case none
        /// It may name the certificate, but its silence means nothing: a delta, or for some reasons only.
        case revocationsOnly
        case full
    }

    package func coverage(of certificate: Certificate) -> Coverage {
        guard let scope, issuerDER == certificate.issuerDER else { return .none }
        if scope.onlyUsers && certificate.isAuthority || scope.onlyAuthorities && !certificate.isAuthority {
            return .none
        }
        if let urls = scope.urls,
            !urls.contains(where: { url in
                certificate.crlURLs.contains { $0.utf8.elementsEqual(url.utf8) }
            })
        {
            return .none
        }
        return scope.isPartial ? .revocationsOnly : .full
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
        if reason == .removeFromCRL { return nil }
        // A date that cannot be read must not make a revoked certificate good: it counts from the beginning.
        let processed = unsafe ASN1.instant(X509_REVOKED_get0_revocationDate(entry)) ?? .distantPast
        let invalid = unsafe Self.invalidityDate(of: entry)
        return Entry(date: min(processed, invalid ?? processed), reason: reason)
    }

    /// From when on the issuer holds the certificate for invalid: its key was stolen then, say. Earlier than
    /// the day on which it was told, and what counts: a signature made between the two may be the thief's.
    private static func invalidityDate(of entry: OpaquePointer) -> Instant? {
        guard let value = unsafe X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, nil, nil) else {
            return nil
        }
        let time = unsafe value.assumingMemoryBound(to: ASN1_GENERALIZEDTIME.self)
        defer { unsafe ASN1_GENERALIZEDTIME_free(time) }
        return unsafe ASN1.instant(time)
    }

    /// The extension expiredCertsOnCRL of X.509, which OpenSSL does not know by name.
    private static func expiredKeptFrom(_ list: OpaquePointer) -> Instant? {
        guard let name = unsafe OBJ_txt2obj("2.5.29.60", 1) else { return nil }
        defer { unsafe ASN1_OBJECT_free(name) }
        let index = unsafe X509_CRL_get_ext_by_OBJ(list, name, -1)
        guard index >= 0 else { return nil }
        let value = unsafe ASN1.bytes(X509_EXTENSION_get_data(X509_CRL_get_ext(list, index)))
        return unsafe value.withUnsafeBufferPointer { buffer -> Instant? in
            var position = buffer.baseAddress
            guard let time = unsafe d2i_ASN1_GENERALIZEDTIME(nil, &position, buffer.count) else { return nil }
            defer { unsafe ASN1_GENERALIZEDTIME_free(time) }
            return unsafe ASN1.instant(time)
        }
    }

    private var hasStrongSignature: Bool {
        var algorithm: UnsafePointer<X509_ALGOR>?
        unsafe X509_CRL_get0_signature(handle, nil, &algorithm)
        return unsafe EvidenceStrength.isStrong(algorithm)
    }
}

extension CertificateList {
    /// What the issuing distribution point narrows the list to.
    fileprivate struct Scope {
        var onlyUsers = false
        var onlyAuthorities = false
        /// Names of the part of a partitioned list; nil where the list is whole.
        var urls: [String]?

        /// A delta, or a list for some reasons only.
        var isPartial = false

        /// Nil for a list that we must not use: an indirect one, one with a critical extension, of its own or
        /// of an entry, that we do not know. What it says of whom cannot be told.
        init?(of list: OpaquePointer) {
            let known = [
                NID_issuing_distribution_point, NID_crl_number, NID_authority_key_identifier, NID_delta_crl,
            ]
            for index in 0..<(unsafe X509_CRL_get_ext_count(list)) {
                let item = unsafe X509_CRL_get_ext(list, index)
                let kind = unsafe OBJ_obj2nid(X509_EXTENSION_get_object(item))
                if kind == NID_delta_crl { isPartial = true }
                if unsafe !known.contains(kind) && X509_EXTENSION_get_critical(item) != 0 { return nil }
            }
            guard unsafe Self.knowsEntryExtensions(of: list) else { return nil }
            var found: CInt = 0
            guard let value = unsafe X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &found, nil)
            else {
                // −1: absent. Anything else: there, but unreadable or twice.
                if found == -1 { return }
                return nil
            }
            let point = unsafe value.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
            defer { unsafe ISSUING_DIST_POINT_free(point) }
            guard unsafe point.pointee.indirectCRL <= 0, unsafe point.pointee.onlyattr <= 0 else {
                return nil
            }
            if unsafe point.pointee.onlysomereasons != nil { isPartial = true }
            onlyUsers = unsafe point.pointee.onlyuser > 0
            onlyAuthorities = unsafe point.pointee.onlyCA > 0
            if let name = unsafe point.pointee.distpoint { urls = unsafe Extensions.fullNames(name) }
        }

        /// RFC 5280 section 5.3: one entry that cannot be understood spoils the list for everybody.
        private static func knowsEntryExtensions(of list: OpaquePointer) -> Bool {
            let entries = unsafe X509_CRL_get_REVOKED(list)
            for index in 0..<max(0, unsafe OPENSSL_sk_num(entries)) {
                guard let entry = unsafe OPENSSL_sk_value(entries, index).map({ OpaquePointer($0) }) else {
                    continue
                }
                for position in 0..<max(0, unsafe X509_REVOKED_get_ext_count(entry)) {
                    let item = unsafe X509_REVOKED_get_ext(entry, position)
                    guard unsafe X509_EXTENSION_get_critical(item) != 0 else { continue }
                    let kind = unsafe OBJ_obj2nid(X509_EXTENSION_get_object(item))
                    if kind != NID_crl_reason, kind != NID_invalidity_date { return false }
                }
            }
            return true
        }
    }
}
