internal import PDF

/// What makes a file show something else than what it showed to whoever signed it, without a byte being
/// changed: scripts and other actions, and content that lies elsewhere.
///
/// Signed with the rest, so nothing is wrong with the signature; but what it was put under can look different
/// tomorrow. The kinds are those that PDF/A forbids (ISO 19005-2 section 6.5), submitted forms, and what a
/// legal attestation must own up to (ISO 32000-2 section 12.8.5).
struct PDFActiveContent {
    /// By the name that the file has for it.
    private var kinds: Set<String> = []
    private let file: PDFFile

    /// - Returns: nil where there is none. A file that cannot be looked through gets the remark as well, or a
    ///   bound would be a place to hide.
    static func remark(on file: PDFFile) -> SignatureReason? {
        var content = Self(file: file)
        do throws(PDFFault) {
            try content.search()
        } catch {
            content.kinds.insert("not looked through, \(error.what)")
        }
        if content.kinds.isEmpty { return nil }
        return SignatureReason(.pdfActiveContent, content.kinds.sorted().joined(separator: ", "))
    }

    private init(file: PDFFile) {
        self.file = file
    }

    private var revision: Int { file.lastRevision }

    private mutating func search() throws(PDFFault) {
        let catalog = try file.catalog(at: revision)
        if try file.resolve(catalog?["AcroForm"], at: revision).dictionary?["XFA"] != nil {
            kinds.insert("XFA")
        }
        try noteOpening(catalog?["OpenAction"])
        var found = kinds
        try file.forEachCurrentObject { object throws(PDFFault) in
            if object.stream != nil, object.dictionary?["F"] != nil { found.insert("external stream") }
            try object.value.forEachDictionary { dictionary throws(PDFFault) in
                if let kind = try kind(of: dictionary) { found.insert(kind) }
            }
        }
        kinds = found
    }

    private static let actions: Set<PDFName> = [
        "JavaScript", "Launch", "ImportData", "SubmitForm", "ResetForm", "Hide", "SetOCGState", "Rendition",
        "Movie", "Sound", "RichMediaExecute", "GoTo3DView",
    ]
    private static let annotations: Set<PDFName> = ["RichMedia", "3D", "Movie"]
    /// What an action can be bound to: tables 197 to 200.
    private static let triggers: Set<PDFName> = [
        "E", "X", "D", "U", "Fo", "Bl", "PO", "PC", "PV", "PI", "O", "C", "K", "F", "V", "WC", "WS", "DS",
        "WP", "DP",
    ]

    private func kind(of dictionary: PDFDictionary) throws(PDFFault) -> String? {
        if let action = try file.resolve(dictionary["S"], at: revision).name, Self.actions.contains(action) {
            return action.text
        }
        if let subtype = try file.resolve(dictionary["Subtype"], at: revision).name,
            Self.annotations.contains(subtype)
        {
            return subtype.text
        }
        // Fonts and images may be called AA, too.
        let additional = try file.resolve(dictionary["AA"], at: revision).dictionary
        if let additional, !additional.keys.isDisjoint(with: Self.triggers) { return "AA" }
        return dictionary["Ref"] != nil && dictionary["Subtype"] == .name("Form") ? "Ref" : nil
    }

    private static let departures: Set<PDFName> = ["URI", "GoToR", "GoToE"]
    private static let actionsMax = 64

    /// What is done as soon as the file is opened, one action after the other. A link to elsewhere is nothing
    /// to speak of, but one that is followed unasked is. All other kinds are found wherever they stand.
    private mutating func noteOpening(_ action: PDFValue?) throws(PDFFault) {
        var left = [action].compactMap(\.self)
        var count = 0
        while let next = left.popLast() {
            count += 1
            guard count <= Self.actionsMax else { throw PDFFault(.tooLarge, "OpenAction", at: 0) }
            switch try file.resolve(next, at: revision) {
            // Actions of Next; or a destination, whose page is no action.
            case .array(let list): left += list.prefix(Self.actionsMax)
            case .dictionary(let dictionary):
                if let kind = try file.resolve(dictionary["S"], at: revision).name,
                    Self.departures.contains(kind)
                {
                    kinds.insert(kind.text)
                }
                if let more = dictionary["Next"] { left.append(more) }
            default: break
            }
        }
    }
}
