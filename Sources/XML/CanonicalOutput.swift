/// Gathers the small pieces of canonical XML and passes long ones straight on.
struct CanonicalOutput {
    private static let capacity = 16 << 10
    /// What SignedInfo needs, and the header of most letters.
    private static let firstCapacity = 4 << 10
    /// From this length on a call of the sink costs less than copying.
    private static let directBytes = 2 << 10

    private let sink: any ByteSink
    private var buffer: [UInt8] = []

    init(sink: any ByteSink) {
        self.sink = sink
        buffer.reserveCapacity(Self.firstCapacity)
    }

    mutating func flush() {
        if buffer.isEmpty { return }
        sink.write(buffer.span)
        buffer.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private mutating func makeRoom(_ count: Int) {
        if buffer.count + count > Self.capacity { flush() }
    }

    mutating func write(_ byte: UInt8) {
        makeRoom(1)
        buffer.append(byte)
    }

    mutating func write(_ bytes: [UInt8]) {
        makeRoom(bytes.count)
        buffer.append(contentsOf: bytes)
    }

    mutating func write(_ text: StaticString) {
        makeRoom(text.utf8CodeUnitCount)
        unsafe buffer.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// As they stand: nothing in them needs a reference.
    mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count >= Self.directBytes {
            flush()
            unsafe sink.write(bytes.span)
        } else {
            makeRoom(bytes.count)
            unsafe buffer.append(contentsOf: bytes)
        }
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
