/// Finds a file's increments from its end, along the trailers' Prev.
struct RevisionChain {
    private let source: any PDFSource
    private let budget: PDFBudget
    private var reader: CrossReferenceReader

    /// How far behind the last `startxref` a file may go on; what stands there is found out elsewhere.
    private static let tailBytesMax = 1 << 20

    init(_ source: any PDFSource, _ budget: PDFBudget) {
        self.source = source
        self.budget = budget
        reader = CrossReferenceReader(source, budget)
    }

    /// Oldest first.
    mutating func revisions() throws(PDFFault) -> [PDFRevision] {
        var start = PDFCursor(source, at: try lastStart(), budget)
        try start.expect("startxref")
        try start.skipSpace()
        let sections = try sections(from: try start.readNumber())
        if sections.contains(where: { $0.trailer["Encrypt"] != nil }) {
            throw PDFFault(.encrypted, "encrypted", at: sections[0].offset)
        }
        var revisions = try Self.linked(sections)
        revisions.reverse()
        for revision in revisions where revision.trailer["Root"]?.reference == nil {
            throw PDFFault(.malformed, "trailer without Root", at: revision.end)
        }
        return revisions
    }

    /// Where the last `startxref` stands.
    private func lastStart() throws(PDFFault) -> Int {
        let word = Array("startxref".utf8)
        let count = min(source.byteCount, Self.tailBytesMax)
        // Nearly always within the last few bytes.
        for piece in [min(count, 1 << 10), count] {
            let begin = source.byteCount - piece
            let tail = try source.read(at: begin, count: piece)
            try budget.spend(piece, at: begin)
            var place = tail.count - word.count
            while place >= 0 {
                if tail[place] == word[0], tail[place..<place + word.count].elementsEqual(word) {
                    return begin + place
                }
                place -= 1
            }
        }
        throw PDFFault(.malformed, "startxref missing", at: source.byteCount)
    }

    /// Newest first.
    private mutating func sections(from start: Int) throws(PDFFault) -> [CrossReferenceSection] {
        var sections: [CrossReferenceSection] = []
        var next: Int? = start
        while let offset = next {
            guard offset > 0, offset < source.byteCount,
                !sections.contains(where: { $0.offset == offset })
            else { throw PDFFault(.malformed, "Prev or startxref leads nowhere", at: offset) }
            guard sections.count < budget.limits.revisionsMax else {
                throw PDFFault(.tooLarge, "too many revisions", at: offset)
            }
            let section = try reader.section(at: offset)
            next = nil
            if let previous = section.trailer["Prev"] {
                guard let number = previous.integer else {
                    throw PDFFault(.malformed, "Prev is no number", at: offset)
                }
                next = number
            }
            sections.append(section)
        }
        return sections
    }

    /// Puts the two sections of a linearized file together, and holds all others to their order.
    private static func linked(_ sections: [CrossReferenceSection]) throws(PDFFault) -> [PDFRevision] {
        var revisions: [PDFRevision] = []
        var index = 0
        while index < sections.count {
            let section = sections[index]
            let older = index + 1 < sections.count ? sections[index + 1] : nil
            if let older, older.offset > section.offset, index + 2 == sections.count {
                revisions.append(try linearized(first: section, main: older))
                break
            }
            guard section.startValue == section.offset else {
                throw PDFFault(.malformed, "startxref does not name its section", at: section.offset)
            }
            revisions.append(
                PDFRevision(
                    entries: section.entries, trailer: section.trailer, sectionOffset: section.offset,
                    sectionOffsets: [section.offset] + (section.streamOffset.map { [$0] } ?? []),
                    end: section.end, endWithLineEnd: section.endWithLineEnd))
            index += 1
        }
        try checkHidden(sections)
        for (newer, older) in zip(revisions, revisions.dropFirst()) where newer.sectionOffset < older.end {
            throw PDFFault(.malformed, "revisions out of order", at: newer.end)
        }
        return revisions
    }

    /// An object that old readers should miss must not be one that they know from before: for them it would
    /// be taken away.
    private static func checkHidden(_ sections: [CrossReferenceSection]) throws(PDFFault) {
        guard sections.contains(where: { !$0.hidden.isEmpty }) else { return }
        var known: Set<Int> = []
        for section in sections.reversed() {
            if let number = section.hidden.first(where: known.contains) {
                throw PDFFault(.malformed, "object \(number) hidden from some readers", at: section.offset)
            }
            for entry in section.entries where entry.place != .free { known.insert(entry.number) }
        }
    }

    /// Annex F: the first page's section stands in front and points at the main one behind it; `startxref` at
    /// the end points at the first page's. Together they are the file's first revision.
    private static func linearized(
        first: CrossReferenceSection, main: CrossReferenceSection
    ) throws(PDFFault) -> PDFRevision {
        guard main.startValue == first.offset, main.trailer["Prev"] == nil else {
            throw PDFFault(.malformed, "not a linearized file", at: first.offset)
        }
        var entries = (first.entries + main.entries).sorted { $0.number < $1.number }
        var unique: [PDFEntry] = []
        for entry in entries {
            if let last = unique.last, last.number == entry.number {
                guard last.place == .free || entry.place == .free || last == entry else {
                    throw PDFFault(.malformed, "object \(entry.number) in two places", at: first.offset)
                }
                if last.place == .free { unique[unique.count - 1] = entry }
            } else {
                unique.append(entry)
            }
        }
        entries = unique
        return PDFRevision(
            entries: entries, trailer: first.trailer, sectionOffset: first.offset,
            sectionOffsets: [first, main].flatMap {
                [$0.offset] + ($0.streamOffset.map { [$0] } ?? [])
            }, end: main.end,
            endWithLineEnd: main.endWithLineEnd)
    }
}
