internal import PDF

/// Judges what one revision changes: everything that is not known to be harmless is refused.
///
/// Known are: a further signature or document timestamp with its field and widget, the security store (DSS),
/// and values of form fields. The document information and metadata, which signing software dates anew, may
/// change beside one of these. ISO 32000-2 section 12.8.2.2 and ETSI EN 319 142-1 section 5.4.
struct PDFRevisionReview {
    let file: PDFFile
    let revision: Int
    let changes: PDFRevisionChanges
    let index: ReferenceIndex
    let oldForm: PDFForm
    let newForm: PDFForm
    /// Signatures of the file by the number of their dictionary.
    let signatures: [Int: PDFSignatureValue]
    var content = PDFRevisionContent()
    /// Modified objects that are explained.
    var explained: Set<Int> = []
    var newWidgets: Set<PDFReference> = []

    var old: Int { revision - 1 }

    init(
        _ file: PDFFile, revision: Int, changes: PDFRevisionChanges, index: ReferenceIndex,
        oldForm: PDFForm, newForm: PDFForm, signatures: [Int: PDFSignatureValue]
    ) {
        self.file = file
        self.revision = revision
        self.changes = changes
        self.index = index
        self.oldForm = oldForm
        self.newForm = newForm
        self.signatures = signatures
    }

    /// Finds out what the revision holds.
    ///
    /// - Throws: `SignatureReason` for a change that nothing permits, `PDFFault` for a file that cannot be
    ///   read.
    mutating func run() throws {
        // An object that was referred to before anybody defined it would change what was signed.
        for number in changes.added where !index.uses(of: number, upTo: old).isEmpty {
            throw Self.changed("object \(number) was missing when it was signed")
        }
        for number in changes.removed where !index.uses(of: number, upTo: old).isEmpty {
            throw Self.changed("object \(number) was removed")
        }
        try reviewFields()
        try reviewTrailer()
        try reviewForm()
        try reviewPages()
        try reviewStreams()
        try reviewStructure()
        for number in changes.modified.keys.sorted() where !explained.contains(number) {
            throw Self.changed("object \(number)")
        }
        if content.isEmpty { throw Self.changed("revision \(revision + 1)") }
    }

    static func changed(_ what: String) -> SignatureReason {
        SignatureReason(.pdfChangedAfterSigning, what)
    }

    /// Keys whose values differ.
    static func differences(_ old: PDFDictionary, _ new: PDFDictionary) -> Set<PDFName> {
        old.keys.union(new.keys).filter { old[$0] != new[$0] }
    }

    mutating func explain(_ value: PDFValue?) {
        if let number = value?.reference?.number { explained.insert(number) }
    }

    // MARK: - Trailer, catalog, security store, document information

    private static let informationKeys: Set<PDFName> = ["ModDate", "Producer", "Trapped"]

    private mutating func reviewTrailer() throws {
        let before = file.trailer(at: old)
        let after = file.trailer(at: revision)
        // What else stands in a trailer is bookkeeping, and shows nothing.
        guard before["Root"] == after["Root"] else { throw Self.changed("trailer /Root") }
        let oldInformation = try file.resolve(before["Info"], at: old)
        // A trailer without Info takes it away from nobody: readers go on along Prev.
        let newInformation =
            after["Info"] == nil ? oldInformation : try file.resolve(after["Info"], at: revision)
        if oldInformation != newInformation {
            let keys = Self.differences(
                oldInformation.dictionary ?? PDFDictionary(), newInformation.dictionary ?? PDFDictionary())
            guard oldInformation == .null || keys.isSubset(of: Self.informationKeys) else {
                throw Self.changed("document information")
            }
            // Of use to the trailer alone, or the same object could be part of a page.
            if let number = before["Info"]?.reference?.number, index.uses(of: number, upTo: old).isEmpty {
                explained.insert(number)
            }
        }
        try reviewCatalog(before["Root"])
    }

    private mutating func reviewCatalog(_ root: PDFValue?) throws {
        guard let number = root?.reference?.number,
            let before = try file.resolve(root, at: old).dictionary,
            let after = try file.resolve(root, at: revision).dictionary
        else { throw Self.changed("catalog") }
        for key in Self.differences(before, after) {
            switch key {
            // Judged elsewhere, by what they hold.
            case "AcroForm", "DSS", "Metadata": break
            // What a reader must understand, not what it shows.
            case "Extensions", "Version": break
            default: throw Self.changed("catalog /\(key.text)")
            }
        }
        explained.insert(number)
        for key: PDFName in ["Extensions", "Metadata"] {
            guard let part = before[key]?.reference?.number,
                changes.modified[part] != nil || key == "Metadata"
            else { continue }
            if isUsedOnly(part, by: number, below: key) { explained.insert(part) }
        }
        try reviewSecurityStore(before["DSS"], after["DSS"], catalog: number)
    }

    private func isUsedOnly(_ number: Int, by referrer: Int, below key: PDFName) -> Bool {
        index.uses(of: number, upTo: old).allSatisfy { $0.referrer == referrer && $0.key == key }
    }

    /// Whatever stands in the security store is evidence or nothing; no page can use its objects.
    private mutating func reviewSecurityStore(
        _ before: PDFValue?, _ after: PDFValue?, catalog: Int
    ) throws {
        if before != after { content.hasSecurityStore = true }
        if before != nil, after == nil { throw Self.changed("catalog /DSS") }
        var parts: Set<Int> = []
        try collect(before, into: &parts, depth: 0)
        for part in parts where changes.modified[part] != nil {
            let isEvidenceOnly = index.uses(of: part, upTo: old).allSatisfy {
                parts.contains($0.referrer) || $0.referrer == catalog && $0.key == "DSS"
            }
            if isEvidenceOnly {
                explained.insert(part)
                content.hasSecurityStore = true
            }
        }
    }

    /// Store, VRI, their arrays and streams.
    private func collect(_ value: PDFValue?, into parts: inout Set<Int>, depth: Int) throws {
        guard let value, depth <= 5, parts.count < 10_000 else { return }
        switch value {
        case .reference(let reference):
            guard parts.insert(reference.number).inserted else { return }
            try collect(try file.object(reference, at: old)?.value, into: &parts, depth: depth + 1)
        case .array(let values):
            for value in values { try collect(value, into: &parts, depth: depth + 1) }
        case .dictionary(let dictionary):
            for value in dictionary.entries.values { try collect(value, into: &parts, depth: depth + 1) }
        default: break
        }
    }
}
