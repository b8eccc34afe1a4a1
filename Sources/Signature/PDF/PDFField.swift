internal import PDF

/// A form field without fields below it, with what it inherits (ISO 32000-2 section 12.7.4).
struct PDFField {
    let reference: PDFReference
    /// Fully qualified: partial names joined by full stops.
    let name: String
    let type: PDFName?
    let value: PDFValue?
    /// Ff, inherited too; 0 where nobody states it.
    let flags: Int
    let dictionary: PDFDictionary
    /// Where it is shown: the field itself where the two are one, or its kids.
    let widgets: [PDFReference]

    var isSignature: Bool { type == "Sig" }
    var isReadOnly: Bool { flags & 1 != 0 }
    /// Has no value that could be filled in (ISO 32000-2 section 12.7.5.2.2).
    var isPushButton: Bool { type == "Btn" && flags & 0x1_0000 != 0 }
}

/// The fields of the interactive form as one revision has them.
struct PDFForm {
    let dictionary: PDFDictionary?
    let fields: [PDFField]
    /// Fields that only hold other fields.
    let groups: Set<PDFReference>

    static let fieldsMax = 20_000
    private static let depthMax = 32
    /// Of a full name. Every field keeps one: thousands below one long name would fill the memory.
    static let nameBytesMax = 1_024

    init(of file: PDFFile, at revision: Int) throws(PDFFault) {
        guard let catalog = try file.catalog(at: revision) else {
            throw PDFFault(.malformed, "no catalog", at: 0)
        }
        let form = try file.resolve(catalog["AcroForm"], at: revision)
        dictionary = form.dictionary
        guard let form = form.dictionary else {
            guard form == .null else { throw PDFFault(.malformed, "AcroForm is no dictionary", at: 0) }
            fields = []
            groups = []
            return
        }
        var walk = Walk(file: file, revision: revision)
        switch try file.resolve(form["Fields"], at: revision) {
        case .null: break
        case .array(let roots):
            for root in roots { try walk.visit(root, Inherited(), depth: 0) }
        default: throw PDFFault(.malformed, "Fields is no array", at: 0)
        }
        fields = walk.fields
        groups = walk.groups
    }

    private struct Inherited {
        var name = ""
        var type: PDFName?
        var value: PDFValue?
        var flags = 0
    }

    private struct Walk {
        let file: PDFFile
        let revision: Int
        var fields: [PDFField] = []
        var groups: Set<PDFReference> = []
        private var seen: Set<PDFReference> = []

        init(file: PDFFile, revision: Int) {
            self.file = file
            self.revision = revision
        }

        mutating func visit(_ value: PDFValue, _ above: Inherited, depth: Int) throws(PDFFault) {
            guard let reference = value.reference else {
                throw PDFFault(.malformed, "a field that is no object of its own", at: 0)
            }
            guard depth <= PDFForm.depthMax, seen.count < PDFForm.fieldsMax else {
                throw PDFFault(.tooLarge, "too many form fields", at: 0)
            }
            guard seen.insert(reference).inserted else {
                throw PDFFault(.malformed, "form field \(reference.number) twice", at: 0)
            }
            guard let object = try file.kept(reference, at: revision) else { return }
            guard let field = object.dictionary else {
                throw PDFFault(.malformed, "form field \(reference.number) is no dictionary", at: 0)
            }
            var inherited = above
            if let part = try file.resolve(field["T"], at: revision).string {
                inherited.name += (above.name.isEmpty ? "" : ".") + PDFText.decode(part)
                guard inherited.name.utf8.count <= PDFForm.nameBytesMax else {
                    throw PDFFault(.tooLarge, "name of a form field", at: 0)
                }
            }
            // The name of a group is kept once for each field below it, and in each revision.
            try file.keep(values: 2, bytes: inherited.name.utf8.count)
            if let type = try file.resolve(field["FT"], at: revision).name { inherited.type = type }
            if let value = field["V"] { inherited.value = value }
            if let flags = try file.resolve(field["Ff"], at: revision).integer { inherited.flags = flags }
            try visitKids(of: field, reference, inherited, depth: depth)
        }

        /// Kids with a name are fields; those without are where this field is shown.
        private mutating func visitKids(
            of field: PDFDictionary, _ reference: PDFReference, _ inherited: Inherited, depth: Int
        ) throws(PDFFault) {
            var widgets: [PDFReference] = []
            var hasFieldsBelow = false
            for kid in try file.resolve(field["Kids"], at: revision).array ?? [] {
                guard let target = kid.reference,
                    let dictionary = try file.object(target, at: revision)?.dictionary
                else { throw PDFFault(.malformed, "kid of form field \(reference.number)", at: 0) }
                if dictionary["T"] != nil || dictionary["Kids"] != nil {
                    hasFieldsBelow = true
                    try visit(kid, inherited, depth: depth + 1)
                } else {
                    widgets.append(target)
                }
            }
            if hasFieldsBelow, widgets.isEmpty {
                groups.insert(reference)
                return
            }
            if field["Subtype"] == .name("Widget") || widgets.isEmpty { widgets.append(reference) }
            fields.append(
                PDFField(
                    reference: reference, name: inherited.name, type: inherited.type,
                    value: inherited.value, flags: inherited.flags, dictionary: field, widgets: widgets))
        }
    }
}
