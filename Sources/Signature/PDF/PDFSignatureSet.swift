internal import PDF

/// All signatures of a PDF, whichever revision has them, and what each later revision did.
final class PDFSignatureSet {
    struct Entry {
        let field: PDFField
        /// Of the signature dictionary; nil where the field holds it directly.
        let number: Int?
        let value: Result<PDFSignatureValue, SignatureReason>
        /// The last revision has it in a field.
        var isPresent = true
        /// The earliest revision that has it in a field.
        let since: Int
    }

    static let signaturesMax = 32

    let file: PDFFile
    private(set) var entries: [Entry] = []
    private var forms: [Int: PDFForm] = [:]
    private var reviews: [Int: Result<PDFRevisionContent, SignatureReason>] = [:]
    private var changes: (all: [Int: PDFRevisionChanges], index: ReferenceIndex)?

    init(_ file: PDFFile) throws(PDFFault) {
        self.file = file
        var places: [PDFDefinition: Int] = [:]
        for revision in 0...file.lastRevision {
            let form = try form(at: revision)
            for index in entries.indices { entries[index].isPresent = false }
            for field in form.fields where field.isSignature {
                guard let value = field.value, value != .null else { continue }
                guard let reference = value.reference,
                    let definition = try file.definition(of: reference.number, at: revision)
                else {
                    entries.append(
                        Entry(
                            field: field, number: nil, value: .failure(SignatureReason(.pdfStructure)),
                            since: revision))
                    continue
                }
                if let known = places[definition], entries[known].field.reference == field.reference {
                    entries[known].isPresent = true
                    continue
                }
                places[definition] = entries.count
                entries.append(
                    Entry(
                        field: field, number: reference.number, value: try read(definition, at: revision),
                        since: revision))
            }
            guard entries.count <= 4 * Self.signaturesMax else {
                throw PDFFault(.tooLarge, "too many signatures", at: 0)
            }
        }
    }

    private func read(
        _ definition: PDFDefinition, at revision: Int
    ) throws(PDFFault) -> Result<PDFSignatureValue, SignatureReason> {
        let object = try file.object(definition, at: revision)
        // Its value and what it locks: a hundred signatures that lock a hundred thousand names each.
        try file.keep(object)
        do {
            return .success(try PDFSignatureValue(object, in: file))
        } catch {
            return .failure(error)
        }
    }

    private func form(at revision: Int) throws(PDFFault) -> PDFForm {
        if let known = forms[revision] { return known }
        let form = try PDFForm(of: file, at: revision)
        forms[revision] = form
        return form
    }

    private var values: [PDFSignatureValue] { entries.compactMap { try? $0.value.get() } }

    // MARK: - Fields

    /// What is wrong with where the signature hangs, apart from the signature itself.
    func objections(to entry: Entry) -> [SignatureReason] {
        var reasons: [SignatureReason] = []
        if !entry.isPresent { reasons.append(SignatureReason(.pdfSignatureRemoved)) }
        if let number = entry.number {
            let sharing = entries.filter {
                $0.number == number && $0.field.reference != entry.field.reference
            }
            if !sharing.isEmpty { reasons.append(SignatureReason(.pdfSignatureShared, entry.field.name)) }
        }
        if repeatedNames.contains(Array(entry.field.name.utf8)) {
            reasons.append(SignatureReason(.pdfFieldRepeated, entry.field.name))
        }
        return reasons
    }

    /// Full names that several fields of the last revision have.
    private lazy var repeatedNames: Set<[UInt8]> = {
        var seen: Set<[UInt8]> = []
        let names = (forms[file.lastRevision]?.fields ?? []).map { Array($0.name.utf8) }
        return Set(names.filter { !seen.insert($0).inserted })
    }()

    /// The one certification, if any; it must be the first signature of all.
    private var certification: PDFSignatureValue? {
        let certifying = values.filter { $0.certification != nil }
        guard certifying.count == 1, let first = certifying.first,
            values.allSatisfy({ $0.revision >= first.revision })
        else { return nil }
        return first
    }

    // MARK: - Later revisions

    /// What later revisions did that the signature does not stand.
    func objections(to value: PDFSignatureValue, of entry: Entry) throws(PDFFault) -> [SignatureReason] {
        var reasons: [SignatureReason] = []
        if value.certification != nil, certification?.revision != value.revision {
            reasons.append(SignatureReason(.pdfCertification))
        }
        // Whoever finds the field in an earlier revision than the signature covers sees two documents.
        if entry.since > value.revision {
            reasons.append(SignatureReason(.pdfChangedAfterSigning, "signature field \(entry.field.name)"))
        }
        let lock = try lock(of: value, entry)
        for revision in (value.revision + 1)..<max(file.revisions.count, value.revision + 1) {
            switch try review(revision) {
            case .failure(let reason): reasons.append(reason)
            case .success(let content): reasons += try objections(to: content, of: revision, lock)
            }
            if !reasons.isEmpty { break }
        }
        let covered = value.ranges[1].upperBound
        if value.revision == file.lastRevision, covered < file.byteCount || file.trailingByteCount < 0 {
            reasons.append(SignatureReason(.pdfAppendedBytes, "\(file.byteCount - covered)"))
        } else if value.revision < file.lastRevision, file.trailingByteCount > 0 {
            let isSigned = values.contains { $0.ranges[1].upperBound == file.byteCount }
            if !isSigned { reasons.append(SignatureReason(.pdfAppendedBytes, "\(file.trailingByteCount)")) }
        }
        return reasons
    }

    /// What the signature locks: as it says itself, or as its field told whoever signed it (table 236).
    private func lock(
        of value: PDFSignatureValue, _ entry: Entry
    ) throws(PDFFault) -> PDFSignatureValue.Lock? {
        if let lock = value.lock { return lock }
        let wanted = try file.resolve(entry.field.dictionary["Lock"], at: value.revision)
        guard wanted != .null else { return nil }
        // One that cannot be read locks everything.
        return (try? PDFSignatureValue.Lock(wanted.dictionary)) ?? .everything
    }

    private func objections(
        to content: PDFRevisionContent, of revision: Int, _ lock: PDFSignatureValue.Lock?
    ) throws(PDFFault) -> [SignatureReason] {
        var reasons: [SignatureReason] = []
        // What the certifier saw may be signed and show it; a field slipped in later may not, not even in two
        // steps: first empty or hidden, then signed.
        var showsNewField = false
        if let certification, certification.revision < revision {
            let known = Set(try form(at: certification.revision).fields.map(\.reference))
            showsNewField = !Set(content.shown).isSubset(of: known)
        }
        let certified = certification.flatMap { $0.revision < revision ? $0.certification : nil }
        let signed = Set(content.signed.map(\.reference)).intersection(fieldsOfSigners)
        let changesForm = !signed.isEmpty || !content.filled.isEmpty || !content.waiting.isEmpty
        switch certified {
        case .nothing where changesForm || showsNewField:
            reasons.append(SignatureReason(.pdfCertificationForbids, "P=1"))
        case .forms where showsNewField, .annotations where showsNewField:
            reasons.append(SignatureReason(.pdfCertificationForbids, "P=\(certified?.rawValue ?? 0)"))
        case .none where !content.filled.isEmpty:
            reasons.append(SignatureReason(.pdfFormChanged, content.filled[0].name))
        // A timestamp is to be had by everybody, and an empty field needs nobody's signature at all: either
        // could be laid over the page.
        default:
            if !Set(content.shown).isSubset(of: signed) {
                reasons.append(SignatureReason(.pdfAnnotationChanged, "signature field"))
            }
        }
        if let lock {
            if lock.deniesChanges, changesForm { reasons.append(SignatureReason(.pdfFieldLocked, "P=1")) }
            let touched = (content.filled + content.signed).map(\.name)
            // Each beginning of a name that ends before a full stop is looked up, and there may be hundreds.
            try file.spend(touched.reduce(0) { $0 + 8 * $1.utf8.count })
            if let name = touched.first(where: lock.covers) {
                reasons.append(SignatureReason(.pdfFieldLocked, name))
            }
        }
        return reasons
    }

    /// Fields with a signature of somebody, and not of a timestamping authority.
    private var fieldsOfSigners: Set<PDFReference> {
        var fields: Set<PDFReference> = []
        for entry in entries {
            if let value = try? entry.value.get(), value.kind != .documentTimestamp {
                fields.insert(entry.field.reference)
            }
        }
        return fields
    }

    private func review(_ revision: Int) throws(PDFFault) -> Result<PDFRevisionContent, SignatureReason> {
        if let known = reviews[revision] { return known }
        let (all, index) = try revisionChanges()
        guard let change = all[revision] else { throw PDFFault(.malformed, "revision", at: 0) }
        var signatures: [Int: PDFSignatureValue] = [:]
        for entry in entries {
            if let number = entry.number, let value = try? entry.value.get() { signatures[number] = value }
        }
        var review = PDFRevisionReview(
            file, revision: revision, changes: change, index: index, oldForm: try form(at: revision - 1),
            newForm: try form(at: revision), signatures: signatures)
        let result: Result<PDFRevisionContent, SignatureReason>
        do {
            try review.run()
            result = .success(review.content)
        } catch let reason as SignatureReason {
            result = .failure(reason)
        } catch let fault as PDFFault {
            throw fault
        } catch {
            throw PDFFault(.malformed, "revision \(revision + 1)", at: 0)
        }
        reviews[revision] = result
        return result
    }

    /// All revisions behind the first signature at once, so that the file is read through only once.
    private func revisionChanges() throws(PDFFault) -> (all: [Int: PDFRevisionChanges], index: ReferenceIndex)
    {
        if let changes { return changes }
        let first = values.map(\.revision).min() ?? file.lastRevision
        var all: [Int: PDFRevisionChanges] = [:]
        var numbers: Set<Int> = []
        var streams: Set<Int> = []
        for revision in 0..<first { streams.formUnion(file.objectStreams(of: revision)) }
        for revision in stride(from: first + 1, through: file.lastRevision, by: 1) {
            streams.formUnion(file.objectStreams(of: revision - 1))
            let change = try PDFRevisionChanges(of: revision, in: file, objectStreams: streams)
            all[revision] = change
            numbers.formUnion(change.numbers)
        }
        let found = (all: all, index: try ReferenceIndex(of: numbers, in: file))
        changes = found
        return found
    }
}
