internal import CZlib

/// A raw DEFLATE stream (RFC 1951), piece by piece.
@safe final class RawDeflater {
    private static let outputBytes = 64 << 10

    // zlib keeps a pointer back to its stream, which therefore must never move.
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let code = unsafe lienthong_deflate_init(stream, Z_DEFAULT_COMPRESSION, -MAX_WBITS)
        precondition(code == Z_OK, "zlib found no memory")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Compresses `bytes`; what is ready goes to `take`, borrowed for the call. Nothing may follow the last.
    func feed<Failure: Error>(
        _ bytes: Span<UInt8>, isLast: Bool, _ take: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var output = [UInt8](repeating: 0, count: Self.outputBytes)
        var consumed = 0
        var isDone = false
        while !isDone {
            let produced = step(bytes, &consumed, into: &output, isLast: isLast)
            // A full buffer may hide more; a part-filled one never does.
            isDone = produced < Self.outputBytes
            if produced > 0 { try take(output.span.extracting(0..<produced)) }
        }
    }

    private func step(
        _ bytes: Span<UInt8>, _ consumed: inout Int, into output: inout [UInt8], isLast: Bool
    ) -> Int {
        unsafe bytes.withUnsafeBufferPointer { input in
            unsafe output.withUnsafeMutableBufferPointer { output in
                // zlib reads through `next_in` only, but its type does not say so.
                unsafe stream.pointee.next_in = input.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + consumed)
                }
                unsafe stream.pointee.avail_in = UInt32(input.count - consumed)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(output.count)
                let code = unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                precondition(code != Z_STREAM_ERROR, "zlib was called out of order")
                consumed = unsafe input.count - Int(stream.pointee.avail_in)
                return unsafe output.count - Int(stream.pointee.avail_out)
            }
        }
    }
}

/// CRC-32 as ZIP and gzip use it (ISO-HDLC).
struct CRC32: Equatable {
    private(set) var value: UInt32 = 0

    mutating func update(_ bytes: Span<UInt8>) {
        value = unsafe bytes.withUnsafeBufferPointer { buffer in
            UInt32(truncatingIfNeeded: unsafe crc32_z(UInt(value), buffer.baseAddress, buffer.count))
        }
    }
}
