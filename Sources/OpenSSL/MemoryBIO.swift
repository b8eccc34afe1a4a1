internal import COpenSSL

/// Memory BIOs for PEM and DER: they live for one call and never reach a caller.
enum MemoryBIO {
    /// Lends `bytes` to OpenSSL. The BIO borrows them, so it dies inside this call.
    static func reading<Result>(
        _ bytes: [UInt8], _ body: (OpaquePointer) -> Result?
    ) -> Result? {
        unsafe bytes.withUnsafeBytes { buffer -> Result? in
            guard buffer.count <= Int(CInt.max),
                let bio = unsafe BIO_new_mem_buf(buffer.baseAddress, CInt(buffer.count))
            else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }

    /// What `body` wrote; nil where it returned anything but 1.
    static func writing(_ body: (OpaquePointer) -> CInt) -> [UInt8]? {
        guard let bio = unsafe BIO_new(BIO_s_secmem()) else { return nil }
        defer { unsafe BIO_free(bio) }
        guard unsafe body(bio) == 1 else { return nil }
        var start: UnsafeMutablePointer<UInt8>?
        let count = unsafe withUnsafeMutablePointer(to: &start) { pointer in
            unsafe BIO_ctrl(bio, BIO_CTRL_INFO, 0, pointer)
        }
        guard count > 0, let start = unsafe start else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: count))
    }
}
