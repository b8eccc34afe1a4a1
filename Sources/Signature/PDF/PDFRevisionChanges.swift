internal import PDF

/// What one revision changes of the one before it, object by object.
struct PDFRevisionChanges {
    /// Objects that say something else than before, with both texts.
    let modified: [Int: (old: PDFObject, new: PDFObject)]
    /// Defined here, and not before.
    let added: Set<Int>
    /// Defined before, and not any more.
    let removed: Set<Int>
    /// Of these, object streams of earlier revisions: what is in one changes without being named.
    let objectStreams: Set<Int>
    /// What the security store of the revision before names.
    let securityParts: Set<Int>

    /// - Parameters:
    ///   - revision: the later one; above 0.
    ///   - known: the object streams that the revisions before it keep objects in.
    init(of revision: Int, in file: PDFFile, objectStreams known: Set<Int>) throws(PDFFault) {
        var modified: [Int: (old: PDFObject, new: PDFObject)] = [:]
        var added: Set<Int> = []
        var removed: Set<Int> = []
        for entry in file.revisions[revision].entries {
            let old = try file.definition(of: entry.number, at: revision - 1)
            if entry.place == .free {
                if old != nil { removed.insert(entry.number) }
                continue
            }
            guard let old else {
                added.insert(entry.number)
                continue
            }
            if try Self.isSamePlace(old.entry, entry, revision, file) { continue }
            let before = try file.object(old, at: revision - 1)
            guard let new = try file.definition(of: entry.number, at: revision) else { continue }
            let after = try file.object(new, at: revision)
            guard before.reference == after.reference, try file.saysSame(before, after) else {
                try file.keep(before)
                try file.keep(after)
                modified[entry.number] = (before, after)
                continue
            }
        }
        self.modified = modified
        self.added = added
        self.removed = removed
        objectStreams = known.intersection(removed.union(added).union(modified.keys))
        securityParts = try PDFRevisionReview.securityParts(of: file, at: revision - 1)
    }

    /// The same offset is the same text; the same place in an object stream is only if that is the same one.
    private static func isSamePlace(
        _ old: PDFEntry, _ new: PDFEntry, _ revision: Int, _ file: PDFFile
    ) throws(PDFFault) -> Bool {
        guard old == new else { return false }
        guard case .compressed(let stream, _) = new.place else { return true }
        return try file.definition(of: stream, at: revision - 1) == file.definition(of: stream, at: revision)
    }

    /// Every object whose users matter.
    var numbers: Set<Int> { added.union(removed).union(modified.keys).union(securityParts) }
}

/// What a revision turned out to hold beside what was there already.
struct PDFRevisionContent {
    /// Signatures and document timestamps: their fields.
    var signed: [PDFField] = []
    /// New signature fields without a signature.
    var waiting: [PDFReference] = []
    /// Signature fields that show something else than before.
    var shown: [PDFReference] = []
    var hasSecurityStore = false
    /// Form fields that were filled in.
    var filled: [PDFField] = []

    var isEmpty: Bool { signed.isEmpty && !hasSecurityStore && filled.isEmpty }
}
