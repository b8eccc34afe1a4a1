internal import PDF

/// The security store: whatever is in it is evidence or nothing, as long as nothing else uses its objects.
extension PDFRevisionReview {
    private static let partsMax = 10_000
    private static let passesMax = 16

    mutating func reviewSecurityStore(
        _ before: PDFValue?, _ after: PDFValue?, catalog: Int
    ) throws {
        if before != after { content.hasSecurityStore = true }
        if before != nil, after == nil { throw Self.changed("catalog /DSS") }
        for part in try evidence(catalog: catalog) where changes.modified[part] != nil {
            explained.insert(part)
            explainedStreams.insert(part)
            content.hasSecurityStore = true
        }
    }

    /// The parts of the store that only the store uses. One that a page uses too is the page's, and so is
    /// everything that only leads there: a store that names the page tree must not make evidence of it.
    private func evidence(catalog: Int) throws -> Set<Int> {
        var parts = changes.securityParts
        parts.remove(catalog)
        if let information = file.trailer(at: old)["Info"]?.reference { parts.remove(information.number) }
        guard parts.contains(where: { changes.modified[$0] != nil }) else { return [] }
        for _ in 0..<Self.passesMax {
            let others = try parts.filter { part in
                let uses = index.uses(of: part, upTo: old)
                // Once more for each pass, in each revision.
                try file.spend(8 * uses.count)
                return !uses.allSatisfy {
                    parts.contains($0.referrer) || $0.referrer == catalog && $0.key == "DSS"
                }
            }
            if others.isEmpty { return parts }
            parts.subtract(others)
        }
        return []
    }

    /// Store, VRI, their arrays and streams, by number; and whatever else a store names.
    static func securityParts(of file: PDFFile, at revision: Int) throws(PDFFault) -> Set<Int> {
        let catalog = try file.catalog(at: revision)
        var parts: Set<Int> = []
        try collect(catalog?["DSS"], of: file, at: revision, into: &parts, depth: 0)
        return parts
    }

    private static func collect(
        _ value: PDFValue?, of file: PDFFile, at revision: Int, into parts: inout Set<Int>, depth: Int
    ) throws(PDFFault) {
        guard let value, depth <= 5, parts.count < partsMax else { return }
        switch value {
        case .reference(let reference):
            guard parts.insert(reference.number).inserted else { return }
            let target = try file.object(reference, at: revision)?.value
            try collect(target, of: file, at: revision, into: &parts, depth: depth + 1)
        case .array(let values):
            for value in values {
                try collect(value, of: file, at: revision, into: &parts, depth: depth + 1)
            }
        case .dictionary(let dictionary):
            for value in dictionary.entries.values {
                try collect(value, of: file, at: revision, into: &parts, depth: depth + 1)
            }
        default: break
        }
    }
}
