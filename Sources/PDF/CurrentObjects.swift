extension PDFFile {
    /// Hands over every object that counts at the last revision, whether anything leads to it or not.
    ///
    /// In the order in which they lie in the file and in its object streams, so that a stream is unpacked
    /// once and not for each object in it.
    package func forEachCurrentObject(
        _ body: (PDFObject) throws(PDFFault) -> Void
    ) throws(PDFFault) {
        var seen: Set<Int> = []
        var current: [PDFDefinition] = []
        for (revision, part) in revisions.enumerated().reversed() {
            try budget.spend(part.entries.count * 16, at: part.end)
            for entry in part.entries where seen.insert(entry.number).inserted && entry.place != .free {
                current.append(PDFDefinition(entry: entry, revision: revision))
            }
        }
        current.sort { $0.entry.place < $1.entry.place }
        for definition in current { try body(try object(definition, at: lastRevision)) }
    }
}

extension PDFEntry.Place: Comparable {
    package static func < (one: Self, other: Self) -> Bool { one.order < other.order }

    private var order: (Int, Int, Int) {
        switch self {
        case .free: (0, 0, 0)
        case .offset(let offset): (1, offset, 0)
        case .compressed(let stream, let index): (2, stream, index)
        }
    }
}
