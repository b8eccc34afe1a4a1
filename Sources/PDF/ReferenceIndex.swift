/// Who refers to certain objects, in whichever revision: what a changed object is depends on who uses it.
package struct ReferenceIndex: Sendable {
    package struct Use: Sendable, Hashable {
        /// The object that refers.
        package let referrer: Int
        /// The key of its dictionary that the reference is below; nil outside of a dictionary.
        package let key: PDFName?
        /// The revision that defines the referring object.
        package let revision: Int
    }

    private var uses: [Int: Set<Use>] = [:]
    private var useCount = 0

    private static let usesMax = 200_000

    /// Reads every object of the file once, in the order of the file, those included that nothing leads to:
    /// what is unused in one revision may be used in the next.
    ///
    /// - Throws: where any of them cannot be read. An object that only lenient readers understand could refer
    ///   to anything.
    package init(of numbers: Set<Int>, in file: PDFFile) throws(PDFFault) {
        for (revision, part) in file.revisions.enumerated() {
            for entry in part.entries {
                guard case .offset = entry.place else { continue }
                let object = try file.object(
                    PDFDefinition(entry: entry, revision: revision), at: revision)
                // A cross-reference stream's dictionary is a trailer. What only calls itself one may be part
                // of a page.
                let isTrailer =
                    object.dictionary?.isType("XRef") == true
                    && part.sectionOffsets.contains(object.range?.lowerBound ?? 0)
                try note(
                    object.value, of: entry.number, revision, numbers,
                    except: isTrailer ? ["Root", "Info"] : [])
                guard let dictionary = object.dictionary, dictionary.isType("ObjStm") else { continue }
                try file.forEachObject(in: object) { inner throws(PDFFault) in
                    try note(inner.value, of: inner.reference.number, revision, numbers)
                }
            }
        }
    }

    private mutating func note(
        _ value: PDFValue, of referrer: Int, _ revision: Int, _ numbers: Set<Int>,
        except passed: Set<PDFName> = []
    ) throws(PDFFault) {
        value.forEachReference { reference, key in
            guard numbers.contains(reference.number), useCount < Self.usesMax,
                key.map(passed.contains) != true
            else { return }
            let use = Use(referrer: referrer, key: key, revision: revision)
            if uses[reference.number, default: []].insert(use).inserted { useCount += 1 }
        }
        if useCount >= Self.usesMax { throw PDFFault(.tooLarge, "too many references", at: 0) }
    }

    /// Who refers to object `number` in what is defined up to `revision`.
    package func uses(of number: Int, upTo revision: Int) -> [Use] {
        uses[number, default: []].filter { $0.revision <= revision }
    }
}

extension PDFFile {
    func forEachObject(
        in stream: PDFObject, _ body: (PDFObject) throws(PDFFault) -> Void
    ) throws(PDFFault) {
        guard let dictionary = stream.dictionary, let bytes = try self.stream(of: stream) else { return }
        let unpacked = try ObjectStream(bytes, dictionary, budget)
        for (place, item) in unpacked.index.enumerated() {
            try body(try unpacked.object(at: place, number: item.number, budget))
        }
    }

    /// Whether the two say the same, data of streams included; where and how they are written does not count.
    package func saysSame(_ one: PDFObject, _ other: PDFObject) throws(PDFFault) -> Bool {
        guard one.value == other.value else { return false }
        guard let first = one.stream, let second = other.stream else {
            return one.stream == nil && other.stream == nil
        }
        guard first.count == second.count else { return false }
        var done = 0
        while done < first.count {
            let count = min(first.count - done, 256 << 10)
            try budget.spend(count, at: first.lowerBound)
            guard
                try source.read(at: first.lowerBound + done, count: count)
                    == source.read(at: second.lowerBound + done, count: count)
            else { return false }
            done += count
        }
        return true
    }
}
