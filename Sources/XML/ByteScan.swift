/// Finds the next byte that needs thought, sixteen at a time.
///
/// Attachments make nearly all of a letter and hold no such byte, so these loops are what reading and
/// canonicalising a letter costs.
enum ByteScan {
    private typealias Block = SIMD16<UInt8>

    @inline(__always)
    private static func isSet(_ mask: SIMDMask<SIMD16<Int8>>) -> Bool {
        let halves = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        return halves.x | halves.y != 0
    }

    /// First byte that is not ASCII, or a control character other than tab and line feed.
    static func gateStop(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        guard let base = unsafe UnsafeRawPointer(bytes.baseAddress) else { return count }
        while index + 16 <= count {
            let block = unsafe base.loadUnaligned(fromByteOffset: index, as: Block.self)
            // 0x80… taken as signed is negative, so one comparison finds it and the controls.
            let signed = unsafe unsafeBitCast(block, to: SIMD16<Int8>.self)
            let stop = (signed .< 0x20) .& (block .!= 0x0A) .& (block .!= 0x09)
            if isSet(stop) { break }
            index += 16
        }
        while index < count {
            let byte = unsafe bytes[index]
            if byte >= 0x80 || (byte < 0x20 && byte != 0x0A && byte != 0x09) { return index }
            index += 1
        }
        return count
    }

    /// First byte that may be markup, or is not ASCII: `<`, `&`, `]`, 0x80…. Controls are gone by then.
    static func markup(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        guard let base = unsafe UnsafeRawPointer(bytes.baseAddress) else { return count }
        while index + 16 <= count {
            let block = unsafe base.loadUnaligned(fromByteOffset: index, as: Block.self)
            let stop = (block .== 0x3C) .| (block .== 0x26) .| (block .== 0x5D) .| (block .>= 0x80)
            if isSet(stop) { break }
            index += 16
        }
        while index < count {
            let byte = unsafe bytes[index]
            if byte == 0x3C || byte == 0x26 || byte == 0x5D || byte >= 0x80 { return index }
            index += 1
        }
        return count
    }

    /// First byte that canonical text writes otherwise: `&`, `<`, `>`, carriage return.
    static func textSpecial(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        let count = bytes.count
        guard let base = unsafe UnsafeRawPointer(bytes.baseAddress) else { return count }
        while index + 16 <= count {
            let block = unsafe base.loadUnaligned(fromByteOffset: index, as: Block.self)
            let stop = (block .== 0x26) .| (block .== 0x3C) .| (block .== 0x3E) .| (block .== 0x0D)
            if isSet(stop) { break }
            index += 16
        }
        while index < count {
            let byte = unsafe bytes[index]
            if byte == 0x26 || byte == 0x3C || byte == 0x3E || byte == 0x0D { return index }
            index += 1
        }
        return count
    }
}
