internal import CZlib

/// Owns one zlib stream that reads raw DEFLATE (RFC 1951), piece by piece.
@safe final class RawInflater {
    enum Outcome { case needsInput, ended, corrupt }

    private let stream: UnsafeMutablePointer<z_stream>
    private let output: UnsafeMutableBufferPointer<UInt8>
    private static let outputBytes = 64 << 10

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        unsafe output = .allocate(capacity: Self.outputBytes)
        // Fails for want of memory only.
        let status = unsafe lienthong_inflate_init(stream, -15)
        precondition(status == Z_OK, "zlib cannot start")
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe output.deallocate()
    }

    /// Unpacks `input` and hands on what comes out, in pieces of at most 64 KiB.
    ///
    /// - Parameter emit: false to stop, which counts as `corrupt`.
    /// - Returns: how it stands, and how much of `input` was used.
    func inflate(
        _ input: UnsafeBufferPointer<UInt8>, emit: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> (Outcome, used: Int) {
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(input.count)
        while true {
            unsafe stream.pointee.next_out = output.baseAddress
            unsafe stream.pointee.avail_out = UInt32(output.count)
            let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
            let used = unsafe input.count - Int(stream.pointee.avail_in)
            let made = unsafe output.count - Int(stream.pointee.avail_out)
            if made > 0, unsafe !emit(UnsafeBufferPointer(rebasing: output[..<made])) {
                return (.corrupt, used)
            }
            switch status {
            case Z_STREAM_END: return (.ended, used)
            case Z_OK where unsafe stream.pointee.avail_out == 0: continue
            case Z_OK, Z_BUF_ERROR: return (.needsInput, used)
            default: return (.corrupt, used)
            }
        }
    }

    /// CRC-32 of ZIP, continued from `crc`.
    static func crc32(_ crc: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        unsafe UInt32(truncatingIfNeeded: CZlib.crc32(UInt(crc), bytes.baseAddress, UInt32(bytes.count)))
    }
}
