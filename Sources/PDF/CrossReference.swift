/// Where an object is, as one cross-reference section says.
package struct PDFEntry: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case free
        /// Bytes from the file's start.
        case offset(Int)
        /// In the object stream of that number, at that place in its list.
        case compressed(stream: Int, index: Int)
    }

    package let number: Int
    package let generation: Int
    package let place: Place
}

/// One cross-reference section with its trailer: what one increment of the file defines.
struct CrossReferenceSection {
    /// Sorted by number, each number once.
    var entries: [PDFEntry] = []
    var trailer: PDFDictionary
    /// Where `xref` or the cross-reference stream begins.
    let offset: Int
    /// Where the stream of a hybrid file's section is.
    var streamOffset: Int?
    /// Objects that the table calls free and the stream does not: readers that know no streams miss them.
    var hidden: [Int] = []
    /// The number after `startxref`.
    var startValue = 0
    /// Right after `%%EOF`, and after the line's end there.
    var end = 0
    var endWithLineEnd = 0
}

struct CrossReferenceReader {
    let source: any PDFSource
    let budget: PDFBudget
    private var entriesLeft: Int

    init(_ source: any PDFSource, _ budget: PDFBudget) {
        self.source = source
        self.budget = budget
        entriesLeft = budget.limits.entriesMax
    }

    /// The section at `offset`, with what belongs to it, and the end of its part of the file.
    mutating func section(at offset: Int) throws(PDFFault) -> CrossReferenceSection {
        var cursor = PDFCursor(source, at: offset, budget)
        var section: CrossReferenceSection
        if try cursor.take("xref") {
            (section, cursor) = try table(cursor, at: offset)
            if let hidden = section.trailer["XRefStm"] {
                guard let place = hidden.integer, place > 0, place < offset else {
                    throw cursor.fault("XRefStm")
                }
                let (stream, _) = try stream(at: place)
                section.streamOffset = place
                try merge(stream.entries, into: &section)
            }
        } else {
            (section, cursor) = try stream(at: offset)
        }
        try Self.checkSize(section)
        try cursor.skipSpace()
        try cursor.expect("startxref")
        try cursor.skipBlanks(Self.blanksMax)
        section.startValue = try cursor.readNumber()
        try cursor.skipBlanks(Self.blanksMax)
        guard try cursor.take("%%EOF") else { throw cursor.fault("%%EOF expected") }
        section.end = cursor.position
        try cursor.skipLineEnd()
        section.endWithLineEnd = cursor.position
        return section
    }

    /// Viewers look for the last `startxref` near the end only.
    private static let blanksMax = 64
    /// Annex C; what goes beyond makes viewers search the file for objects.
    private static let numberMax = 8_388_607

    /// A reader that goes by Size misses what lies beyond, and one that finds no Size repairs the file.
    private static func checkSize(_ section: CrossReferenceSection) throws(PDFFault) {
        guard let size = section.trailer["Size"]?.integer, size > 0 else {
            throw PDFFault(.malformed, "trailer without Size", at: section.offset)
        }
        guard section.entries.last?.number ?? 0 <= numberMax else {
            throw PDFFault(.malformed, "object number beyond \(numberMax)", at: section.offset)
        }
    }

    private mutating func count(_ more: Int, at offset: Int) throws(PDFFault) {
        entriesLeft -= more
        guard entriesLeft >= 0 else { throw PDFFault(.tooLarge, "too many objects", at: offset) }
        try budget.spend(more * 16, at: offset)
    }

    private static func sorted(_ entries: [PDFEntry], at offset: Int) throws(PDFFault) -> [PDFEntry] {
        var entries = entries
        if !zip(entries, entries.dropFirst()).allSatisfy({ $0.number < $1.number }) {
            entries.sort { $0.number < $1.number }
        }
        for (one, next) in zip(entries, entries.dropFirst()) where one.number == next.number {
            throw PDFFault(.malformed, "object \(one.number) twice in one section", at: offset)
        }
        return entries
    }

    // MARK: - Classic tables

    /// Section 7.5.4: subsections of lines of twenty bytes, then the trailer.
    private mutating func table(
        _ start: PDFCursor, at offset: Int
    ) throws(PDFFault) -> (CrossReferenceSection, PDFCursor) {
        var cursor = start
        var entries: [PDFEntry] = []
        while true {
            // No comments: not every viewer skips them here.
            try cursor.skipBlanks(Self.blanksMax)
            if let byte = try cursor.peek(), !PDFByte.isDigit(byte) { break }
            let first = try cursor.readNumber()
            try cursor.skipBlanks(Self.blanksMax)
            let number = try cursor.readNumber()
            while let byte = try cursor.peek(), byte == 0x20 { try cursor.advance() }
            try cursor.skipLineEnd()
            guard number <= (cursor.end - cursor.position) / 20, first <= 0xFFFF_FFFF else {
                throw cursor.fault("subsection longer than the file")
            }
            try count(number, at: cursor.position)
            entries.reserveCapacity(entries.count + number)
            for index in 0..<number { entries.append(try line(&cursor, number: first + index)) }
        }
        try cursor.expect("trailer")
        try cursor.skipSpace()
        var parser = PDFParser(cursor)
        var places: [PDFName: Range<Int>]?
        let trailer = try parser.dictionary(&places)
        let section = CrossReferenceSection(
            entries: try Self.sorted(entries, at: offset), trailer: trailer, offset: offset)
        return (section, parser.cursor)
    }

    private func line(_ cursor: inout PDFCursor, number: Int) throws(PDFFault) -> PDFEntry {
        let offset = try digits(&cursor, 10)
        guard try cursor.next() == 0x20 else { throw cursor.fault("cross-reference line") }
        let generation = try digits(&cursor, 5)
        guard try cursor.next() == 0x20, let kind = try cursor.next() else {
            throw cursor.fault("cross-reference line")
        }
        guard let first = try cursor.next(), let second = try cursor.next(),
            first == 0x20 || first == 0x0D, second == 0x0A || second == 0x0D
        else { throw cursor.fault("cross-reference line of other than twenty bytes") }
        switch kind {
        // Some writers mark what they do not use so; nothing can stand in front of the header.
        case 0x6E where offset == 0: return PDFEntry(number: number, generation: generation, place: .free)
        case 0x6E: return PDFEntry(number: number, generation: generation, place: .offset(offset))
        case 0x66: return PDFEntry(number: number, generation: generation, place: .free)
        default: throw cursor.fault("cross-reference line")
        }
    }

    private func digits(_ cursor: inout PDFCursor, _ count: Int) throws(PDFFault) -> Int {
        var number = 0
        for _ in 0..<count {
            guard let byte = try cursor.next(), PDFByte.isDigit(byte) else {
                throw cursor.fault("cross-reference line")
            }
            number = number * 10 + Int(byte - 0x30)
        }
        return number
    }

    // MARK: - Streams

    /// Section 7.5.8: rows of numbers of W bytes each.
    private mutating func stream(at offset: Int) throws(PDFFault) -> (CrossReferenceSection, PDFCursor) {
        var parser = PDFParser(PDFCursor(source, at: offset, budget))
        let object = try parser.object { reference throws(PDFFault) in
            throw PDFFault(.malformed, "cross-reference stream's Length by reference", at: offset)
        }
        guard let dictionary = object.dictionary, dictionary.isType("XRef"), let range = object.stream else {
            throw PDFFault(.malformed, "no cross-reference section", at: offset)
        }
        guard range.count <= budget.limits.inflatedBytesMax else {
            throw PDFFault(.tooLarge, "cross-reference stream", at: offset)
        }
        let raw = try source.read(at: range.lowerBound, count: range.count)
        let rows = try StreamDecoder(budget: budget).decode(raw, dictionary, at: offset)
        guard let widths = dictionary["W"]?.array?.map({ $0.integer ?? -1 }), widths.count == 3,
            widths.allSatisfy({ (0...8).contains($0) }), widths.reduce(0, +) > 0,
            let size = dictionary["Size"]?.integer, size >= 0
        else { throw PDFFault(.malformed, "cross-reference stream", at: offset) }
        var index = [0, size]
        if let written = dictionary["Index"] {
            index = written.array?.map { $0.integer ?? -1 } ?? []
        }
        guard index.count % 2 == 0, index.allSatisfy({ (0...0xFFFF_FFFF).contains($0) }) else {
            throw PDFFault(.malformed, "Index of a cross-reference stream", at: offset)
        }
        var entries: [PDFEntry] = []
        var position = 0
        for pair in stride(from: 0, to: index.count, by: 2) {
            guard index[pair + 1] <= (rows.count - position) / widths.reduce(0, +) else {
                throw PDFFault(.malformed, "cross-reference stream cut off", at: offset)
            }
            try count(index[pair + 1], at: offset)
            for number in index[pair]..<index[pair] + index[pair + 1] {
                entries.append(try Self.row(rows, &position, widths, number, at: offset))
            }
        }
        let section = CrossReferenceSection(
            entries: try Self.sorted(entries, at: offset), trailer: dictionary, offset: offset)
        return (section, parser.cursor)
    }

    private static func row(
        _ rows: [UInt8], _ position: inout Int, _ widths: [Int], _ number: Int, at offset: Int
    ) throws(PDFFault) -> PDFEntry {
        var fields = [1, 0, 0]
        for (field, width) in widths.enumerated() where width > 0 {
            var value: UInt64 = 0
            for byte in rows[position..<position + width] { value = value << 8 | UInt64(byte) }
            position += width
            guard value <= UInt64(Int.max >> 1) else {
                throw PDFFault(.malformed, "cross-reference stream", at: offset)
            }
            fields[field] = Int(value)
        }
        switch fields[0] {
        case 0: return PDFEntry(number: number, generation: fields[2], place: .free)
        case 1: return PDFEntry(number: number, generation: fields[2], place: .offset(fields[1]))
        case 2:
            return PDFEntry(
                number: number, generation: 0, place: .compressed(stream: fields[1], index: fields[2]))
        default: throw PDFFault(.malformed, "kind of a cross-reference entry", at: offset)
        }
    }

    // MARK: - Hybrid files

    /// Section 7.5.8.4: the stream tells of objects that the table hides from old readers by calling them
    /// free, or leaves out. Where both tell of one, they must agree: readers differ about which one counts.
    private func merge(
        _ hidden: [PDFEntry], into section: inout CrossReferenceSection
    ) throws(PDFFault) {
        var merged: [PDFEntry] = []
        merged.reserveCapacity(section.entries.count + hidden.count)
        var table = section.entries[...]
        for entry in hidden {
            while let first = table.first, first.number < entry.number {
                merged.append(first)
                table = table.dropFirst()
            }
            if let first = table.first, first.number == entry.number {
                table = table.dropFirst()
                guard first.place == .free || first == entry else {
                    throw PDFFault(.malformed, "object \(entry.number) in two places", at: section.offset)
                }
                if first != entry { section.hidden.append(entry.number) }
            }
            merged.append(entry)
        }
        section.entries = merged + table
    }
}
