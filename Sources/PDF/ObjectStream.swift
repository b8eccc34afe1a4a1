/// An object stream, unpacked: many objects without stream data of their own (ISO 32000-2 section 7.5.7).
struct ObjectStream {
    let content: PDFBytes
    let first: Int
    /// Number and offset behind `first`, in the order of the stream.
    let index: [(number: Int, offset: Int)]

    init(_ bytes: [UInt8], _ dictionary: PDFDictionary, _ budget: PDFBudget) throws(PDFFault) {
        content = PDFBytes(bytes)
        guard dictionary.isType("ObjStm"), let count = dictionary["N"]?.integer,
            let first = dictionary["First"]?.integer, (0...bytes.count).contains(first),
            (0...min(bytes.count / 2, budget.limits.entriesMax)).contains(count)
        else { throw PDFFault(.malformed, "object stream", at: 0) }
        self.first = first
        var cursor = PDFCursor(content, at: 0, end: first, budget)
        var index: [(number: Int, offset: Int)] = []
        for _ in 0..<count {
            try cursor.skipSpace()
            let number = try cursor.readNumber()
            try cursor.skipSpace()
            index.append((number, try cursor.readNumber()))
        }
        self.index = index
    }

    func object(at place: Int, number: Int, _ budget: PDFBudget) throws(PDFFault) -> PDFObject {
        guard place < index.count, index[place].number == number,
            index[place].offset <= content.byteCount - first
        else { throw PDFFault(.malformed, "object \(number) is not where it should be", at: 0) }
        var parser = PDFParser(PDFCursor(content, at: first + index[place].offset, budget))
        let value = try parser.value()
        return PDFObject(
            reference: PDFReference(number, 0), value: value, range: nil, places: [:], stream: nil,
            weight: parser.weight)
    }
}

extension PDFFile {
    /// Unpacked object streams that are kept, in bytes.
    private static let streamBytesMax = 8 << 20

    func objectStream(_ number: Int, at revision: Int) throws(PDFFault) -> ObjectStream {
        guard let definition = try definition(of: number, at: revision),
            case .offset(let offset) = definition.entry.place
        else { throw PDFFault(.malformed, "object stream \(number) is missing", at: 0) }
        if let known = streams[offset] { return known }
        let object = try object(definition, at: revision)
        guard let dictionary = object.dictionary, let bytes = try stream(of: object) else {
            throw PDFFault(.malformed, "object stream \(number)", at: offset)
        }
        let unpacked = try ObjectStream(bytes, dictionary, budget)
        if streamBytes + bytes.count > Self.streamBytesMax {
            streams = [:]
            streamBytes = 0
        }
        streams[offset] = unpacked
        streamBytes += bytes.count
        return unpacked
    }
}
