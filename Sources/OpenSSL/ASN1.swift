internal import COpenSSL
internal import Exchange

/// Reads OpenSSL's ASN.1 values into ours.
enum ASN1 {
    /// Nil for a time that is none, or outside of the years 1 to 9999.
    static func instant(_ time: UnsafePointer<ASN1_TIME>?) -> Instant? {
        guard let time = unsafe time else { return nil }
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return unsafe Instant(
            year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
    }

    /// The caller frees it with `ASN1_TIME_free`.
    static func time(_ instant: Instant) -> UnsafeMutablePointer<ASN1_TIME>? {
        unsafe ASN1_TIME_set(nil, time_t(instant.seconds))
    }

    /// Content bytes of a string type.
    static func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string = unsafe string, let start = unsafe ASN1_STRING_get0_data(string) else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(ASN1_STRING_length(string))))
    }

    /// `2.5.29.37.0`
    static func dotted(_ object: OpaquePointer?) -> String {
        guard let object = unsafe object else { return "" }
        var text = [CChar](repeating: 0, count: 256)
        let count = unsafe text.withUnsafeMutableBufferPointer { buffer in
            unsafe OBJ_obj2txt(buffer.baseAddress, CInt(buffer.count), object, 1)
        }
        guard count > 0, Int(count) < text.count else { return "" }
        return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// RFC 4514, in UTF-8: `CN=Sở Nội vụ,O=UBND tỉnh Lạng Sơn,C=VN`.
    static func text(of name: OpaquePointer?) -> String {
        guard let name = unsafe name else { return "" }
        let bytes = unsafe MemoryBIO.writing { bio in
            unsafe X509_NAME_print_ex(bio, name, 0, LT_NAME_FLAGS) >= 0 ? 1 : 0
        }
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    static func der(of name: OpaquePointer?) -> [UInt8] {
        guard let name = unsafe name else { return [] }
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard unsafe X509_NAME_get0_der(name, &start, &count) == 1, let start = unsafe start else {
            return []
        }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// What one of OpenSSL's `i2d` functions writes; empty where it fails.
    static func encoded(_ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) -> CInt) -> [UInt8] {
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe encode(&start)
        guard count > 0, let start = unsafe start else { return [] }
        defer { unsafe LT_OPENSSL_free(start) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// Lends DER to one of OpenSSL's `d2i` functions; nil where anything stands after the value.
    static func parse(
        _ der: [UInt8], free: (OpaquePointer) -> Void,
        _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            guard let start = buffer.baseAddress else { return nil }
            var position: UnsafePointer<UInt8>? = unsafe start
            guard let value = unsafe read(&position, buffer.count) else { return nil }
            guard unsafe position == start + buffer.count else {
                unsafe free(value)
                return nil
            }
            return unsafe value
        }
    }
}
