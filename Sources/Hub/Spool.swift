internal import Storage

/// Holds a letter's bytes while they arrive: a small one in memory, a large one in a file of the payload log.
///
/// A small letter's bytes are written once, by the sequencer, into the segment that all small ones of the
/// batch share; a large one's go to disk as they come, so that memory does not grow with the letter.
struct Spool {
    /// Letters up to this many bytes stay in memory.
    static let memoryBytesMax = 512 << 10

    private var memory: [UInt8] = []
    private var file: SpooledPayload?
    /// Nil where the bytes are stored already and only counted.
    private let store: SpoolDirectory?
    private(set) var byteCount: Int64 = 0
    var memoryByteCount: Int { memory.count }

    init(store: SpoolDirectory?, expectedByteCount: Int64?) {
        self.store = store
        if let expectedByteCount, expectedByteCount <= Self.memoryBytesMax {
            memory.reserveCapacity(Int(expectedByteCount))
        }
    }

    mutating func append(_ bytes: Span<UInt8>) throws(StorageError) {
        byteCount += Int64(bytes.count)
        guard let store else { return }
        if file == nil, memory.count + bytes.count > Self.memoryBytesMax {
            let file = try store.makePayload()
            try file.append(memory.span)
            self.file = file
            memory = []
        }
        if let file {
            try file.append(bytes)
        } else {
            unsafe bytes.withUnsafeBufferPointer { unsafe memory.append(contentsOf: $0) }
        }
    }

    /// What the commit takes. A spooled one must be sealed first, off the reactor, because it syncs.
    var payload: Payload {
        if let file { .spooled(file) } else { .memory(memory) }
    }
}
