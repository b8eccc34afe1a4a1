/// The two spellings of an ECDSA signature, strict in both directions.
///
/// Written here and not left to OpenSSL, because `d2i_ECDSA_SIG` takes several DER spellings of one
/// signature.
enum ECDSASignature {
    /// `SEQUENCE { INTEGER r, INTEGER s }` in DER. Nil unless `raw` is twice `coordinateByteCount` long.
    static func der(fixedLength raw: [UInt8], coordinateByteCount count: Int) -> [UInt8]? {
        guard raw.count == 2 * count else { return nil }
        let body = integer(raw[..<count]) + integer(raw[count...])
        return [0x30] + length(body.count) + body
    }

    /// Nil where `der` is not the one DER spelling of two positive integers of at most that many bytes.
    static func fixedLength(der: [UInt8], coordinateByteCount count: Int) -> [UInt8]? {
        var position = 0
        guard take(0x30, in: der, at: &position) == der.count - position else { return nil }
        var raw: [UInt8] = []
        for _ in 0..<2 {
            guard let length = take(0x02, in: der, at: &position), length >= 1 else { return nil }
            var magnitude = der[position..<position + length]
            position += length
            guard let first = magnitude.first, first < 0x80 else { return nil }
            if first == 0, magnitude.count > 1 {
                // A leading zero is there to keep the sign positive, and for nothing else.
                guard magnitude[magnitude.startIndex + 1] >= 0x80 else { return nil }
                magnitude.removeFirst()
            }
            guard magnitude.count <= count else { return nil }
            raw.append(contentsOf: [UInt8](repeating: 0, count: count - magnitude.count))
            raw.append(contentsOf: magnitude)
        }
        return position == der.count ? raw : nil
    }

    private static func integer(_ magnitude: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(magnitude.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02] + length(digits.count) + digits
    }

    private static func length(_ count: Int) -> [UInt8] {
        count < 0x80 ? [UInt8(count)] : [0x81, UInt8(count)]
    }

    /// The length that follows `tag`, if it fits into what is left; a P-521 signature needs one length byte
    /// more.
    private static func take(_ tag: UInt8, in der: [UInt8], at position: inout Int) -> Int? {
        guard position + 2 <= der.count, der[position] == tag else { return nil }
        var length = Int(der[position + 1])
        position += 2
        if length == 0x81 {
            guard position < der.count, der[position] >= 0x80 else { return nil }
            length = Int(der[position])
            position += 1
        } else if length > 0x7F {
            return nil
        }
        return position + length <= der.count ? length : nil
    }
}
