internal import COpenSSL

/// Certificate extensions that OpenSSL does not cache in a form that we can read.
enum Extensions {
    static func extendedKeyUsages(of certificate: OpaquePointer) -> (dotted: [String], isCritical: Bool)? {
        var critical: CInt = 0
        guard let value = unsafe X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, nil) else {
            return nil
        }
        let list = OpaquePointer(value)
        defer { unsafe LT_ASN1_OBJECT_stack_free(list) }
        let dotted = (0..<max(0, unsafe OPENSSL_sk_num(list))).map { index in
            unsafe ASN1.dotted(OPENSSL_sk_value(list, index).map { OpaquePointer($0) })
        }
        return (dotted, critical == 1)
    }

    static func crlURLs(of certificate: OpaquePointer) -> [String] {
        guard let value = unsafe X509_get_ext_d2i(certificate, NID_crl_distribution_points, nil, nil) else {
            return []
        }
        let list = OpaquePointer(value)
        defer { unsafe LT_CRL_DIST_POINTS_free(list) }
        var urls: [String] = []
        for index in unsafe 0..<max(0, OPENSSL_sk_num(list)) {
            guard let point = unsafe OPENSSL_sk_value(list, index) else { continue }
            unsafe urls += fullNames(point.assumingMemoryBound(to: DIST_POINT.self).pointee.distpoint)
        }
        return urls
    }

    /// URIs of a distribution point's full name.
    static func fullNames(_ name: UnsafeMutablePointer<DIST_POINT_NAME>?) -> [String] {
        guard let name = unsafe name, unsafe name.pointee.type == 0,
            let list = unsafe name.pointee.name.fullname
        else { return [] }
        return (0..<max(0, unsafe OPENSSL_sk_num(list))).compactMap { index in
            guard let general = unsafe OPENSSL_sk_value(list, index) else { return nil }
            return unsafe uri(general.assumingMemoryBound(to: GENERAL_NAME.self))
        }
    }

    static func ocspURLs(of certificate: OpaquePointer) -> [String] {
        guard let value = unsafe X509_get_ext_d2i(certificate, NID_info_access, nil, nil) else { return [] }
        let list = OpaquePointer(value)
        defer { unsafe LT_AUTHORITY_INFO_ACCESS_free(list) }
        return (0..<max(0, unsafe OPENSSL_sk_num(list))).compactMap { index in
            guard let entry = unsafe OPENSSL_sk_value(list, index) else { return nil }
            let access = unsafe entry.assumingMemoryBound(to: ACCESS_DESCRIPTION.self)
            guard unsafe OBJ_obj2nid(access.pointee.method) == NID_ad_OCSP else { return nil }
            return unsafe uri(access.pointee.location)
        }
    }

    private static func uri(_ name: UnsafeMutablePointer<GENERAL_NAME>?) -> String? {
        guard let name = unsafe name, unsafe name.pointee.type == GEN_URI else { return nil }
        return unsafe String(validating: ASN1.bytes(name.pointee.d.uniformResourceIdentifier), as: UTF8.self)
    }
}
