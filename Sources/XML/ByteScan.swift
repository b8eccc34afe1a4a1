internal import CBytes

/// Finds the next byte that needs thought.
///
/// Attachments make nearly all of a letter and hold no such byte, so these scans are what reading and
/// canonicalising a letter costs. In C, with vector instructions: Swift's `SIMD` masks compile to calls and
/// were a hundred times slower here.
enum ByteScan {
    /// First byte that is not ASCII, or a control character other than tab and line feed.
    static func gateStop(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return bytes.count }
        return unsafe lt_find_gate_stop(base, start, bytes.count)
    }

    /// First byte that is more than plain text: what may be markup (`<`, `>`, `&`, `]`), a control character
    /// other than tab and line feed, or not ASCII. What is before it needs no look by the gate, says nothing
    /// to the parser, and is its own canonical form.
    static func plainStop(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress, start < bytes.count else { return bytes.count }
        return unsafe lt_find_plain_stop(base, start, bytes.count)
    }

    /// First byte that canonical text writes otherwise: `&`, `<`, `>`, carriage return.
    static func textSpecial(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = bytes.baseAddress else { return bytes.count }
        return unsafe lt_find_text_special(base, start, bytes.count)
    }
}
