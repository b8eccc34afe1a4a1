extension PDFFile {
    /// Where in `revision` something stands that its cross-reference section does not tell of; nil where
    /// all is objects of its own, white space and comments.
    ///
    /// Viewers that repair a file search it for objects and take the last one of a number. What no table
    /// leads to would count for them.
    ///
    /// - Parameter revision: a later one; above 0.
    package func strayByte(in revision: Int) throws(PDFFault) -> Int? {
        let part = revisions[revision]
        let start = revisions[revision - 1].end
        var ranges = [part.sectionOffset..<part.end]
        for entry in part.entries {
            guard case .offset(let offset) = entry.place, offset >= start,
                !part.sectionOffsets.contains(offset)
            else { continue }
            let object = try object(PDFDefinition(entry: entry, revision: revision), at: revision)
            if let range = object.range { ranges.append(range) }
        }
        for offset in part.sectionOffsets where offset >= start {
            var parser = PDFParser(PDFCursor(source, at: offset, end: part.end, budget))
            if try parser.cursor.take("xref") { continue }
            // Nothing but its own Length says how long the stream is.
            let object = try parser.object { _ throws(PDFFault) in nil }
            // By its number it is an object, too: a second text of one that is somewhere else.
            let known = try definition(of: object.reference.number, at: revision)
            guard known == nil || known?.entry.place == .offset(offset) else { return offset }
            if offset != part.sectionOffset, let range = object.range { ranges.append(range) }
        }
        var cursor = PDFCursor(source, at: start, end: part.end, budget)
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            try cursor.skipSpace()
            guard cursor.position == range.lowerBound else { return min(cursor.position, range.lowerBound) }
            cursor.move(to: range.upperBound)
        }
        return nil
    }
}
