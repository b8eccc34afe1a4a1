internal import Glibc

/// Gathers the small pieces of canonical XML and passes long ones straight on.
///
/// Memory of its own and not an array: a letter is written in hundreds of pieces of a few bytes, and asking
/// for each whether the array has another owner took longer than copying it.
@safe struct CanonicalOutput: ~Copyable {
    private static let capacity = 16 << 10
    /// From this length on a call of the sink costs less than copying.
    private static let directBytes = 2 << 10

    private let sink: any ByteSink
    private let buffer: UnsafeMutablePointer<UInt8>
    /// At most `capacity`.
    private var count = 0

    init(sink: any ByteSink) {
        self.sink = sink
        unsafe buffer = .allocate(capacity: Self.capacity)
    }

    deinit { unsafe buffer.deallocate() }

    mutating func flush() {
        if count == 0 { return }
        unsafe sink.write(UnsafeBufferPointer(start: buffer, count: count).span)
        count = 0
    }

    mutating func write(_ byte: UInt8) {
        if count == Self.capacity { flush() }
        unsafe buffer[count] = byte
        count += 1
    }

    mutating func write(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe write($0) }
    }

    mutating func write(_ text: StaticString) {
        unsafe write(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// As they stand: nothing in them needs a reference.
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        if bytes.count >= Self.directBytes {
            flush()
            unsafe sink.write(bytes.span)
            return
        }
        if bytes.count > Self.capacity - count { flush() }
        _ = unsafe memcpy(buffer + count, start, bytes.count)
        count += bytes.count
    }

    /// Text nodes: `&`, `<`, `>` and carriage return are written as references.
    mutating func writeText(_ bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while start < bytes.count {
            let stop = unsafe ByteScan.textSpecial(bytes, from: start)
            if stop > start { unsafe write(UnsafeBufferPointer(rebasing: bytes[start..<stop])) }
            if stop == bytes.count { return }
            switch unsafe bytes[stop] {
            case 0x26: write("&amp;")
            case 0x3C: write("&lt;")
            case 0x3E: write("&gt;")
            default: write("&#xD;")
            }
            start = stop + 1
        }
    }

    /// Attribute values: `&`, `<`, `"`, tab, line feed and carriage return are written as references.
    mutating func writeAttributeValue(_ value: [UInt8]) {
        guard value.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x26 || $0 == 0x3C }) else {
            return write(value)
        }
        for byte in value {
            switch byte {
            case 0x26: write("&amp;")
            case 0x3C: write("&lt;")
            case 0x22: write("&quot;")
            case 0x09: write("&#x9;")
            case 0x0A: write("&#xA;")
            case 0x0D: write("&#xD;")
            default: write(byte)
            }
        }
    }

    mutating func writeInstruction(target: [UInt8], data: UnsafeBufferPointer<UInt8>) {
        write("<?")
        write(target)
        if !data.isEmpty {
            write(0x20)
            for index in data.indices {
                let byte = unsafe data[index]
                if byte == 0x0D { write("&#xD;") } else { write(byte) }
            }
        }
        write("?>")
    }
}
