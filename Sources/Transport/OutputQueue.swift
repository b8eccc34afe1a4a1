internal import Glibc

/// What is still to be written to one connection, in order.
struct OutputQueue {
    private enum Segment {
        case bytes([UInt8], from: Int)
        case file(FileSlice, offset: Int64, left: Int64)
    }

    /// Small pieces are joined up to this size, so that a head and a short body leave in one record.
    private static let joinBytesMax = 16 << 10

    private var segments: [Segment] = []
    private var first = 0
    private(set) var byteCount: Int64 = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        byteCount += Int64(bytes.count)
        if first < segments.count, case .bytes(var last, let from) = segments[segments.count - 1],
            last.count + bytes.count <= OutputQueue.joinBytesMax
        {
            segments.removeLast()
            last.append(contentsOf: bytes)
            segments.append(.bytes(last, from: from))
        } else {
            segments.append(.bytes(bytes, from: 0))
        }
    }

    mutating func append(_ slice: FileSlice) {
        guard slice.length > 0 else { return }
        byteCount += slice.length
        segments.append(.file(slice, offset: slice.offset, left: slice.length))
    }

    mutating func removeAll() {
        self = OutputQueue()
    }

    /// Where a file stands at the front.
    var frontFile: (slice: FileSlice, offset: Int64, left: Int64)? {
        guard first < segments.count, case .file(let file, let offset, let left) = segments[first] else {
            return nil
        }
        return (file, offset, left)
    }

    /// Copies as much of the front as fits, without taking it away; the same bytes each time. Nil where a
    /// file cannot be read or has become shorter. With `untilFile` it stops before a file.
    func peek(into buffer: UnsafeMutableRawBufferPointer, untilFile: Bool) -> Int? {
        var filled = 0
        var index = first
        while index < segments.count, filled < buffer.count {
            switch segments[index] {
            case .bytes(let bytes, let from):
                let count = min(bytes.count - from, buffer.count - filled)
                unsafe bytes.withUnsafeBytes { source in
                    unsafe buffer.baseAddress!.advanced(by: filled)
                        .copyMemory(from: source.baseAddress!.advanced(by: from), byteCount: count)
                }
                filled += count
            case .file(let file, let offset, let left):
                if untilFile { return filled }
                let want = Int(min(left, Int64(buffer.count - filled)))
                let count = unsafe pread(
                    file.descriptor, buffer.baseAddress!.advanced(by: filled), want, off_t(offset))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return nil }
                filled += count
                // A short read ends this round: what follows in the queue must not be put in the gap.
                if count < want { return filled }
            }
            index += 1
        }
        return filled
    }

    /// Takes `count` bytes off the front, once they are written.
    mutating func consume(_ count: Int) {
        var left = Int64(count)
        byteCount -= left
        while left > 0 {
            switch segments[first] {
            case .bytes(let bytes, let from):
                let here = Int64(bytes.count - from)
                if left < here {
                    segments[first] = .bytes(bytes, from: from + Int(left))
                    return
                }
                left -= here
                dropFirst()
            case .file(let file, let offset, let here):
                if left < here {
                    segments[first] = .file(file, offset: offset + left, left: here - left)
                    return
                }
                left -= here
                dropFirst()
            }
        }
    }

    private mutating func dropFirst() {
        segments[first] = .bytes([], from: 0)
        first += 1
        if first == segments.count {
            segments = []
            first = 0
        }
    }
}
