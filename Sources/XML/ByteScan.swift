/// Finds the next byte that needs thought, eight at a time in an integer.
///
/// Attachments make nearly all of a letter and hold no such byte, so these loops are what reading and
/// canonicalising a letter costs. Not with `SIMD16`: its masks compile to calls and were a hundred times
/// slower here.
enum ByteScan {
    private static let lows: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Has its high bit set where a byte of `word` is zero; above such a byte it may be wrong, so it says
    /// whether there is one and not which.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- lows) & ~word }

    @inline(__always)
    private static func holds(_ byte: UInt64, _ word: UInt64) -> UInt64 { zeros(word ^ (lows &* byte)) }

    /// The first index from `start` on for which `stops` is true, where `suspects` has a high bit for every
    /// word that holds such a byte, and maybe for others.
    @inline(__always)
    private static func first(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, suspects: (UInt64) -> UInt64,
        stops: (UInt8) -> Bool
    ) -> Int {
        let count = bytes.count
        guard let base = bytes.baseAddress else { return count }
        let raw = unsafe UnsafeRawPointer(base)
        var index = start
        while index < count {
            while index + 32 <= count {
                let first = unsafe suspects(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                let second = unsafe suspects(raw.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
                let third = unsafe suspects(raw.loadUnaligned(fromByteOffset: index + 16, as: UInt64.self))
                let fourth = unsafe suspects(raw.loadUnaligned(fromByteOffset: index + 24, as: UInt64.self))
                if (first | second | third | fourth) & highs != 0 { break }
                index += 32
            }
            let end = min(index + 32, count)
            while index < end {
                if unsafe stops(base[index]) { return index }
                index += 1
            }
        }
        return count
    }

    /// First byte that is not ASCII, or a control character other than tab and line feed.
    static func gateStop(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        unsafe first(
            bytes, from: start, suspects: { ($0 &- lows &* 0x20) & ~$0 | $0 },
            stops: { $0 >= 0x80 || ($0 < 0x20 && $0 != 0x0A && $0 != 0x09) })
    }

    /// First byte that may be markup, or is not ASCII: `<`, `&`, `]`, 0x80…. Controls are gone by then.
    static func markup(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        unsafe first(
            bytes, from: start, suspects: { holds(0x3C, $0) | holds(0x26, $0) | holds(0x5D, $0) | $0 },
            stops: { $0 == 0x3C || $0 == 0x26 || $0 == 0x5D || $0 >= 0x80 })
    }

    /// First byte that canonical text writes otherwise: `&`, `<`, `>`, carriage return.
    static func textSpecial(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        // `<` and `>` differ in the bit 0x02 only.
        unsafe first(
            bytes, from: start,
            suspects: { holds(0x3E, $0 | lows &* 0x02) | holds(0x26, $0) | holds(0x0D, $0) },
            stops: { $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x0D })
    }
}
