/// One increment of a file: what it defines, and the bytes that it ends with.
package struct PDFRevision: Sendable {
    /// Sorted by number; what a reader of this increment finds new or changed.
    package let entries: [PDFEntry]
    package let trailer: PDFDictionary
    /// Where its cross-reference section begins.
    let sectionOffset: Int
    /// Of everything that belongs to it: the two of a linearized file, a hybrid file's stream.
    let sectionOffsets: [Int]
    /// Right after `%%EOF`, and after the end of that line: a signature over this revision ends at either.
    package let end: Int
    package let endWithLineEnd: Int

    func entry(_ number: Int) -> PDFEntry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].number == number ? entries[low] : nil
    }
}

/// Which definition of an object counts: where it is, and the revision that says so.
package struct PDFDefinition: Sendable, Hashable {
    package let entry: PDFEntry
    package let revision: Int
}

/// A PDF as its increments made it (ISO 32000-2), read strictly: nothing is searched for, guessed or
/// repaired.
///
/// Holds the cross-reference entries and a few unpacked object streams; objects are read when asked for.
package final class PDFFile {
    package let source: any PDFSource
    /// Oldest first, at least one.
    package let revisions: [PDFRevision]
    let budget: PDFBudget
    var streams: [Int: ObjectStream] = [:]
    var streamBytes = 0
    private var keptValues = 0
    private var keptObjects: [[PDFDefinition]: PDFObject] = [:]

    package init(_ source: any PDFSource, limits: PDFLimits = PDFLimits()) throws(PDFFault) {
        self.source = source
        let budget = PDFBudget(limits)
        self.budget = budget
        var head = PDFCursor(source, at: 0, budget)
        guard try head.take("%PDF-") else { throw PDFFault(.notPDF, "%PDF- expected", at: 0) }
        var chain = RevisionChain(source, budget)
        revisions = try chain.revisions()
    }

    /// Numbers of the object streams that `revision` keeps objects in, whether they are there or not.
    package func objectStreams(of revision: Int) -> Set<Int> {
        var streams: Set<Int> = []
        for entry in revisions[revision].entries {
            if case .compressed(let stream, _) = entry.place { streams.insert(stream) }
        }
        return streams
    }

    /// An object that a reader misses which goes by the Size of `revision`; nil where there is none.
    package func objectBeyondSize(at revision: Int) -> Int? {
        let size = revisions[revision].trailer["Size"]?.integer ?? 0
        for part in revisions[...revision] {
            for entry in part.entries.reversed() {
                guard entry.number >= size else { break }
                if case .offset(let offset) = entry.place, part.sectionOffsets.contains(offset) { continue }
                if entry.place != .free { return entry.number }
            }
        }
        return nil
    }

    package var byteCount: Int { source.byteCount }
    package var lastRevision: Int { revisions.count - 1 }

    /// Bytes behind the last revision, which no revision tells of.
    package var trailingByteCount: Int { byteCount - revisions[lastRevision].endWithLineEnd }

    /// What the Prev of a further revision names.
    package var lastSectionOffset: Int { revisions[lastRevision].sectionOffset }

    package func trailer(at revision: Int) -> PDFDictionary { revisions[revision].trailer }

    /// What the trailer's Root names; nil where that is no dictionary.
    package func catalog(at revision: Int) throws(PDFFault) -> PDFDictionary? {
        try resolve(trailer(at: revision)["Root"], at: revision).dictionary
    }

    /// Counts what the caller does with what was read, which may be more than reading it was.
    package func spend(_ steps: Int) throws(PDFFault) { try budget.spend(steps, at: 0) }

    /// Counts what the caller keeps against its bound: values, and bytes of text.
    package func keep(values: Int, bytes: Int = 0, at offset: Int = 0) throws(PDFFault) {
        keptValues += values + bytes / 64
        guard keptValues <= budget.limits.keptValuesMax else {
            throw PDFFault(.tooLarge, "too much to keep", at: offset)
        }
    }

    package func keep(_ object: PDFObject) throws(PDFFault) {
        try keep(values: object.weight, at: object.range?.lowerBound ?? 0)
    }

    /// An object that the caller keeps, and everybody else the same one: a form has the same fields in nearly
    /// every revision, and twenty signatures would have no room for a few hundred fields.
    package func kept(_ reference: PDFReference, at revision: Int) throws(PDFFault) -> PDFObject? {
        guard let definition = try definition(of: reference.number, at: revision),
            definition.entry.generation == reference.generation
        else { return nil }
        var place = [definition]
        // The same place in another object stream is another text.
        if case .compressed(let stream, _) = definition.entry.place,
            let container = try self.definition(of: stream, at: revision)
        {
            place.append(container)
        }
        if let known = keptObjects[place] { return known }
        let object = try object(definition, at: revision)
        try keep(object)
        keptObjects[place] = object
        return object
    }

    /// What counts for object `number` to somebody who sees the file up to `revision`; nil where nothing
    /// defines it.
    package func definition(of number: Int, at revision: Int) throws(PDFFault) -> PDFDefinition? {
        for index in stride(from: revision, through: 0, by: -1) {
            try budget.spend(8, at: 0)
            guard let entry = revisions[index].entry(number) else { continue }
            return entry.place == .free ? nil : PDFDefinition(entry: entry, revision: index)
        }
        return nil
    }

    /// The object as it is at `revision`; nil where it is free or nothing defines it, which means null.
    package func object(_ reference: PDFReference, at revision: Int) throws(PDFFault) -> PDFObject? {
        guard let definition = try definition(of: reference.number, at: revision) else { return nil }
        guard definition.entry.generation == reference.generation else { return nil }
        return try object(definition, at: revision)
    }

    /// `value`, or what it refers to at `revision`.
    package func resolve(_ value: PDFValue?, at revision: Int) throws(PDFFault) -> PDFValue {
        guard let value else { return .null }
        guard let reference = value.reference else { return value }
        let target = try object(reference, at: revision)?.value ?? .null
        guard target.reference == nil else {
            throw PDFFault(.malformed, "object \(reference.number) is a reference", at: 0)
        }
        return target
    }

    package func object(_ definition: PDFDefinition, at revision: Int) throws(PDFFault) -> PDFObject {
        let number = definition.entry.number
        switch definition.entry.place {
        case .free: throw PDFFault(.malformed, "object \(number) is free", at: 0)
        case .compressed(let stream, let index):
            return try objectStream(stream, at: revision).object(at: index, number: number, budget)
        case .offset(let offset):
            // What a revision defines lies inside it, or whoever appends could finish it.
            let end = revisions[definition.revision].end
            guard offset > 0, offset < end else {
                throw PDFFault(.malformed, "object \(number) outside of its revision", at: offset)
            }
            var parser = PDFParser(PDFCursor(source, at: offset, end: end, budget))
            let object = try parser.object { [self] reference throws(PDFFault) in
                try streamLength(reference, at: revision)
            }
            guard object.reference == PDFReference(number, definition.entry.generation) else {
                throw PDFFault(.malformed, "another object than \(number) stands there", at: offset)
            }
            return object
        }
    }

    /// A stream's length that is an object of its own: a number, so this cannot go on for ever.
    private func streamLength(_ reference: PDFReference, at revision: Int) throws(PDFFault) -> Int? {
        guard let definition = try definition(of: reference.number, at: revision),
            case .offset(let offset) = definition.entry.place, offset > 0
        else { return nil }
        var parser = PDFParser(
            PDFCursor(source, at: offset, end: revisions[definition.revision].end, budget))
        guard try parser.objectHead() == reference else { return nil }
        return try parser.value().integer
    }

    /// The bytes of a stream as they stand in the file.
    package func rawStream(of object: PDFObject, bytesMax: Int) throws(PDFFault) -> [UInt8]? {
        guard let range = object.stream else { return nil }
        guard range.count <= bytesMax else {
            throw PDFFault(.tooLarge, "stream", at: range.lowerBound)
        }
        try budget.spend(range.count, at: range.lowerBound)
        return try source.read(at: range.lowerBound, count: range.count)
    }

    /// The bytes of a stream, decoded.
    package func stream(of object: PDFObject) throws(PDFFault) -> [UInt8]? {
        guard let dictionary = object.dictionary,
            let raw = try rawStream(of: object, bytesMax: budget.limits.inflatedBytesMax)
        else { return nil }
        return try StreamDecoder(budget: budget).decode(raw, dictionary, at: object.range?.lowerBound ?? 0)
    }
}
