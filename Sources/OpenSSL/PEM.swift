internal import COpenSSL

/// One `-----BEGIN LABEL-----` block.
package struct PEMBlock: Sendable {
    package let label: String
    package let bytes: [UInt8]

    /// Every block of a text, in order; what stands between them is skipped, as everybody does.
    package static func all(in text: [UInt8]) -> [PEMBlock] {
        ERR_clear_error()
        // The end of the text is reported as an error of its own.
        defer { ERR_clear_error() }
        var blocks: [PEMBlock] = []
        let _: Bool? = unsafe MemoryBIO.reading(text) { bio in
            while let block = unsafe next(bio) { blocks.append(block) }
            return true
        }
        return blocks
    }

    private static func next(_ bio: OpaquePointer) -> PEMBlock? {
        var name: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard unsafe PEM_read_bio(bio, &name, &header, &data, &count) == 1 else { return nil }
        defer {
            unsafe LT_OPENSSL_free(name)
            unsafe LT_OPENSSL_free(header)
            unsafe LT_OPENSSL_free(data)
        }
        guard let name = unsafe name, let data = unsafe data else { return nil }
        return unsafe PEMBlock(
            label: String(cString: name), bytes: Array(UnsafeBufferPointer(start: data, count: count)))
    }

    package static func encode(_ bytes: [UInt8], label: String) -> [UInt8] {
        unsafe MemoryBIO.writing { bio in
            unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe PEM_write_bio(bio, label, "", buffer.baseAddress, buffer.count) > 0 ? 1 : 0
            }
        } ?? []
    }
}
