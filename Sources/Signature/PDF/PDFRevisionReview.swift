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
    /// Of the new form, groups among them.
    let newFields: Set<PDFReference>
    /// Signatures of the file by the number of their dictionary.
    let signatures: [Int: PDFSignatureValue]
    var content = PDFRevisionContent()
    /// Modified objects that are explained.
    var explained: Set<Int> = []
    /// Those of them whose stream may be another one: a dictionary that was compared tells nothing of that.
    var explainedStreams: Set<Int> = []
    var newWidgets: Set<PDFReference> = []
    /// What the form says that it works out itself (CO), once somebody has asked.
    var calculated: Set<PDFReference>?

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
        newFields = Set(newForm.fields.map(\.reference)).union(newForm.groups)
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
        if let stream = changes.objectStreams.min() { throw Self.changed("object stream \(stream)") }
        if let place = try file.strayByte(in: revision) {
            throw Self.changed("bytes at \(place) that no cross-reference section tells of")
        }
        try reviewFields()
        try reviewTrailer()
        try reviewForm()
        try reviewPages()
        try reviewStreams()
        try reviewStructure()
        for (number, texts) in changes.modified.sorted(by: { $0.key < $1.key }) {
            let hasStream = texts.old.stream != nil || texts.new.stream != nil
            guard hasStream ? explainedStreams.contains(number) : explained.contains(number) else {
                throw Self.changed("object \(number)")
            }
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
    /// Where there was no document information at all.
    private static let newInformationKeys = informationKeys.union(["Creator", "CreationDate"])

    private mutating func reviewTrailer() throws {
        let before = file.trailer(at: old)
        let after = file.trailer(at: revision)
        // What else stands in a trailer is bookkeeping, and shows nothing.
        guard before["Root"] == after["Root"] else { throw Self.changed("trailer /Root") }
        try reviewSize(before["Size"]?.integer ?? 0, after["Size"]?.integer ?? 0)
        let oldInformation = try file.resolve(before["Info"], at: old)
        // A trailer without Info takes it away from nobody: readers go on along Prev.
        let newInformation =
            after["Info"] == nil ? oldInformation : try file.resolve(after["Info"], at: revision)
        if oldInformation != newInformation {
            let keys = Self.differences(
                oldInformation.dictionary ?? PDFDictionary(), newInformation.dictionary ?? PDFDictionary())
            let permitted = oldInformation == .null ? Self.newInformationKeys : Self.informationKeys
            guard keys.isSubset(of: permitted) else {
                throw Self.changed("document information")
            }
            // Of use to the trailer alone, or the same object could be part of a page.
            if let number = before["Info"]?.reference?.number, index.uses(of: number, upTo: old).isEmpty {
                explained.insert(number)
            }
        }
        try reviewCatalog(before["Root"])
    }

    /// Readers may take an object beyond Size for missing: a smaller one takes away, a larger one brings in.
    private func reviewSize(_ before: Int, _ after: Int) throws {
        guard after >= before else { throw Self.changed("trailer /Size") }
        if after > before, let number = file.objectBeyondSize(at: old) {
            throw Self.changed("object \(number) was missing when it was signed")
        }
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
            guard isUsedOnly(part, by: number, below: key) else { continue }
            explained.insert(part)
            if key == "Metadata" { explainedStreams.insert(part) }
        }
        try reviewSecurityStore(before["DSS"], after["DSS"], catalog: number)
    }

    func isUsedOnly(_ number: Int, by referrer: Int, below key: PDFName) -> Bool {
        index.uses(of: number, upTo: old).allSatisfy { $0.referrer == referrer && $0.key == key }
    }
}
