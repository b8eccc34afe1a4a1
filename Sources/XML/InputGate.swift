/// Looks at every byte before the parser does: only UTF-8, only XML 1.0 characters below space, line ends
/// already normalised (XML 1.0 section 2.11), and never cut where the parser would read a piece otherwise
/// than the whole: inside a character, or inside what may become `]]>`.
///
/// libxml2 in push mode leaves CR LF in CDATA sections, lets `]]>` through when it is cut, and takes a
/// character cut in two for an encoding error.
struct InputGate {
    enum Fault { case notUTF8, controlCharacter }

    /// Held until more comes: part of a character, or one or two `]`.
    private(set) var tail: [UInt8] = []
    private var endsInCarriageReturn = false
    private var scratch: [UInt8] = []

    /// Nothing is held, and nothing of what came matters to what comes.
    var isEmpty: Bool { tail.isEmpty && !endsInCarriageReturn }

    /// Calls `deliver` with what may go to the parser now; on a fault, with all that is before it.
    mutating func pass(
        _ piece: UnsafeBufferPointer<UInt8>, deliver: (UnsafeBufferPointer<UInt8>) throws(XMLError) -> Void
    ) throws(XMLError) -> Fault? {
        var start = 0
        if endsInCarriageReturn, let first = unsafe piece.first {
            endsInCarriageReturn = false
            if first == 0x0A { start = 1 }
        }
        if tail.isEmpty {
            let stop = unsafe end(of: piece, from: start)
            let held = stop.kind == .end ? unsafe heldCount(piece, from: start, to: stop.index) : 0
            if stop.kind == .end || stop.kind == .incomplete {
                // The common case: nothing to copy.
                try unsafe deliver(UnsafeBufferPointer(rebasing: piece[start..<stop.index - held]))
                unsafe tail.append(contentsOf: piece[(stop.index - held)...])
                return nil
            }
        }
        return try unsafe passCopied(piece, from: start, deliver: deliver)
    }

    private mutating func passCopied(
        _ piece: UnsafeBufferPointer<UInt8>, from first: Int,
        deliver: (UnsafeBufferPointer<UInt8>) throws(XMLError) -> Void
    ) throws(XMLError) -> Fault? {
        scratch.removeAll(keepingCapacity: true)
        var fault: Fault?
        var start = first
        start += unsafe completeTail(piece, from: start, fault: &fault)
        while fault == nil, start < piece.count {
            let stop = unsafe end(of: piece, from: start)
            unsafe scratch.append(contentsOf: piece[start..<stop.index])
            start = stop.index
            switch stop.kind {
            case .end: break
            case .incomplete:
                unsafe tail.append(contentsOf: piece[start...])
                start = piece.count
            case .invalid: fault = .notUTF8
            case .control: fault = .controlCharacter
            case .carriageReturn:
                scratch.append(0x0A)
                start += 1
                if start == piece.count {
                    endsInCarriageReturn = true
                } else if unsafe piece[start] == 0x0A {
                    start += 1
                }
            }
        }
        var held = 0
        while fault == nil, tail.isEmpty, held < min(2, scratch.count),
            scratch[scratch.count - held - 1] == 0x5D
        {
            held += 1
        }
        let passed = scratch
        try unsafe passed.withUnsafeBufferPointer { (all) throws(XMLError) in
            try unsafe deliver(UnsafeBufferPointer(rebasing: all.dropLast(held)))
        }
        for _ in 0..<held { tail.append(0x5D) }
        return fault
    }

    /// Moves the tail to the scratch buffer, a cut character together with its remaining bytes.
    ///
    /// - Returns: how many bytes of `piece` that took.
    private mutating func completeTail(
        _ piece: UnsafeBufferPointer<UInt8>, from start: Int, fault: inout Fault?
    ) -> Int {
        guard let lead = tail.first else { return 0 }
        guard lead >= 0x80 else {
            scratch.append(contentsOf: tail)
            tail.removeAll(keepingCapacity: true)
            return 0
        }
        var taken = 0
        while start + taken < piece.count {
            unsafe tail.append(piece[start + taken])
            taken += 1
            let length = unsafe tail.withUnsafeBufferPointer { unsafe UTF8Sequence.length($0, at: 0) }
            switch length {
            case .incomplete: continue
            case .invalid: fault = .notUTF8
            case .valid:
                scratch.append(contentsOf: tail)
                tail.removeAll(keepingCapacity: true)
            }
            return taken
        }
        return taken
    }

    /// What is held when there is no more: part of a character is a fault.
    mutating func finish(deliver: (UnsafeBufferPointer<UInt8>) throws(XMLError) -> Void) throws(XMLError)
        -> Fault?
    {
        guard let first = tail.first else { return nil }
        if first >= 0x80 { return .notUTF8 }
        let rest = tail
        tail = []
        try unsafe rest.withUnsafeBufferPointer { (bytes) throws(XMLError) in try unsafe deliver(bytes) }
        return nil
    }

    private func heldCount(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
        var held = 0
        while held < 2, end - held > start, unsafe bytes[end - held - 1] == 0x5D { held += 1 }
        return held
    }

    private enum StopKind { case end, incomplete, invalid, control, carriageReturn }

    private func end(of bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (index: Int, kind: StopKind) {
        var index = start
        while true {
            index = unsafe ByteScan.gateStop(bytes, from: index)
            guard index < bytes.count else { return (index, .end) }
            let byte = unsafe bytes[index]
            if byte == 0x0D { return (index, .carriageReturn) }
            if byte < 0x20 { return (index, .control) }
            // Vietnamese comes in clusters: stay here while it lasts.
            while index < bytes.count, unsafe bytes[index] >= 0x80 {
                switch unsafe UTF8Sequence.length(bytes, at: index) {
                case .valid(let length): index += length
                case .incomplete: return (index, .incomplete)
                case .invalid: return (index, .invalid)
                }
            }
        }
    }
}

/// One multi-byte sequence after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Sequence {
    case valid(Int)
    /// A right beginning that ends with the bytes at hand.
    case incomplete
    case invalid

    @inline(__always)
    static func length(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UTF8Sequence {
        let lead = unsafe bytes[index]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0:
            length = 3
            second = 0xA0...0xBF
        case 0xED:
            length = 3
            second = 0x80...0x9F
        case 0xE1...0xEF: length = 3
        case 0xF0:
            length = 4
            second = 0x90...0xBF
        case 0xF4:
            length = 4
            second = 0x80...0x8F
        case 0xF1...0xF3: length = 4
        default: return .invalid
        }
        guard index + 1 < bytes.count else { return .incomplete }
        guard unsafe second.contains(bytes[index + 1]) else { return .invalid }
        for offset in 2..<max(length, 2) {
            guard index + offset < bytes.count else { return .incomplete }
            guard unsafe bytes[index + offset] & 0xC0 == 0x80 else { return .invalid }
        }
        return .valid(length)
    }
}
