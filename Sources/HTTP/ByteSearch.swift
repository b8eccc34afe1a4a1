internal import Glibc

extension Span where Element == UInt8 {
    /// Where `byte` stands first in `range`. The one place of this target that leaves checked memory: a
    /// loop in Swift reads one byte at a time, memchr thirty-two, and a 1 GiB body is searched whole.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, !range.isEmpty,
                let found = unsafe memchr(base + range.lowerBound, CInt(byte), range.count)
            else { return nil }
            return unsafe UnsafeRawPointer(base).distance(to: found)
        }
    }

    /// Whether `bytes` stand at `index`.
    func matches(_ bytes: [UInt8], at index: Int) -> Bool {
        guard index + bytes.count <= count else { return false }
        for offset in bytes.indices where self[index + offset] != bytes[offset] { return false }
        return true
    }
}

extension Array where Element == UInt8 {
    mutating func append(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe append(contentsOf: UnsafeBufferPointer(rebasing: buffer[range]))
        }
    }

    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self.init()
        append(bytes, range)
    }
}
