internal import CZlib

/// Decodes what cross-reference and object streams are encoded with: FlateDecode, with a predictor or
/// without. Pages and images may use what they like, since nobody looks into them here.
struct StreamDecoder {
    let budget: PDFBudget

    func decode(_ input: [UInt8], _ dictionary: PDFDictionary, at offset: Int) throws(PDFFault) -> [UInt8] {
        guard dictionary["F"] == nil else {
            throw PDFFault(.unsupported, "stream in another file", at: offset)
        }
        switch try Self.single(dictionary["Filter"], at: offset) {
        case .none: return input
        case .some(.name("FlateDecode")), .some(.name("Fl")): break
        case .some(let filter):
            throw PDFFault(.unsupported, "filter \(filter.name?.text ?? "?")", at: offset)
        }
        let bytes = try inflate(input, at: offset)
        guard let parameters = try Self.single(dictionary["DecodeParms"], at: offset) else { return bytes }
        guard let parameters = parameters.dictionary else { throw Self.parameters(offset) }
        return try predict(bytes, parameters, at: offset)
    }

    private static func parameters(_ offset: Int) -> PDFFault {
        PDFFault(.malformed, "filter parameters", at: offset)
    }

    /// A value, or an array of one; null and an empty array are nothing.
    private static func single(_ value: PDFValue?, at offset: Int) throws(PDFFault) -> PDFValue? {
        switch value {
        case .none, .some(.null): return nil
        case .some(.array(let values)):
            guard values.count <= 1 else { throw PDFFault(.unsupported, "several filters", at: offset) }
            return try single(values.first, at: offset)
        case .some(let value): return value
        }
    }

    // MARK: - zlib

    private func inflate(_ input: [UInt8], at offset: Int) throws(PDFFault) -> [UInt8] {
        var stream = unsafe z_stream()
        guard unsafe lienthong_inflate_init(&stream, 15) == Z_OK else {
            throw PDFFault(.unreadable, "zlib cannot start", at: offset)
        }
        defer { unsafe inflateEnd(&stream) }
        var output: [UInt8] = []
        var status = Z_OK
        var input = input
        let inputCount = UInt32(clamping: input.count)
        while status == Z_OK {
            guard output.count <= budget.limits.inflatedBytesMax else {
                throw PDFFault(.tooLarge, "stream unpacks to too much", at: offset)
            }
            try budget.spend(Self.pieceBytes, at: offset)
            let used = unsafe stream.total_in
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { piece, count in
                unsafe input.withUnsafeMutableBufferPointer { bytes in
                    unsafe stream.next_in = bytes.baseAddress.map { unsafe $0 + Int(used) }
                    unsafe stream.avail_in = inputCount - UInt32(used)
                    unsafe stream.next_out = piece.baseAddress
                    unsafe stream.avail_out = UInt32(Self.pieceBytes)
                    unsafe status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    unsafe count = Self.pieceBytes - Int(stream.avail_out)
                }
            }
            output += piece
        }
        guard status == Z_STREAM_END else { throw PDFFault(.malformed, "stream is not zlib's", at: offset) }
        return output
    }

    private static let pieceBytes = 16 << 10

    // MARK: - Predictors

    private func predict(
        _ bytes: [UInt8], _ parameters: PDFDictionary, at offset: Int
    ) throws(PDFFault) -> [UInt8] {
        func number(_ key: PDFName, _ usual: Int, _ range: ClosedRange<Int>) throws(PDFFault) -> Int {
            guard let value = parameters[key] else { return usual }
            guard let number = value.integer, range.contains(number) else { throw Self.parameters(offset) }
            return number
        }
        let predictor = try number("Predictor", 1, 1...15)
        if predictor == 1 { return bytes }
        let colors = try number("Colors", 1, 1...32)
        let bits = try number("BitsPerComponent", 8, 1...16)
        let columns = try number("Columns", 1, 1...1 << 20)
        guard bits == 8 else { throw PDFFault(.unsupported, "predictor of \(bits) bits", at: offset) }
        let rowBytes = colors * columns
        try budget.spend(bytes.count, at: offset)
        switch predictor {
        case 2: return Self.tiff(bytes, rowBytes: rowBytes, pixelBytes: colors)
        case 10...15: return try Self.png(bytes, rowBytes: rowBytes, pixelBytes: colors, at: offset)
        default: throw Self.parameters(offset)
        }
    }

    private static func tiff(_ bytes: [UInt8], rowBytes: Int, pixelBytes: Int) -> [UInt8] {
        var bytes = bytes
        for index in bytes.indices where index % rowBytes >= pixelBytes {
            bytes[index] &+= bytes[index - pixelBytes]
        }
        return bytes
    }

    /// Each row says in its first byte how it was predicted.
    private static func png(
        _ bytes: [UInt8], rowBytes: Int, pixelBytes: Int, at offset: Int
    ) throws(PDFFault) -> [UInt8] {
        guard bytes.count % (rowBytes + 1) == 0 else {
            throw PDFFault(.malformed, "rows cut off", at: offset)
        }
        var previous = [UInt8](repeating: 0, count: rowBytes)
        var row = previous
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for start in stride(from: 0, to: bytes.count, by: rowBytes + 1) {
            let kind = bytes[start]
            guard kind <= 4 else { throw PDFFault(.malformed, "row without a predictor", at: offset) }
            for index in 0..<rowBytes {
                let left = index >= pixelBytes ? row[index - pixelBytes] : 0
                let corner = index >= pixelBytes ? previous[index - pixelBytes] : 0
                let above = previous[index]
                let guess: UInt8 =
                    switch kind {
                    case 0: 0
                    case 1: left
                    case 2: above
                    case 3: UInt8((Int(left) + Int(above)) / 2)
                    default: paeth(Int(left), Int(above), Int(corner))
                    }
                row[index] = bytes[start + 1 + index] &+ guess
            }
            output += row
            previous = row
        }
        return output
    }

    private static func paeth(_ left: Int, _ above: Int, _ corner: Int) -> UInt8 {
        let estimate = left + above - corner
        let distances = (abs(estimate - left), abs(estimate - above), abs(estimate - corner))
        if distances.0 <= distances.1, distances.0 <= distances.2 { return UInt8(left) }
        return UInt8(distances.1 <= distances.2 ? above : corner)
    }
}
