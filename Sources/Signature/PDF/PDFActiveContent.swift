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
        var found = self
        defer { self = found }
        // Looked up once each: thousands may lead to one that is large.
        var (names, events): (Set<PDFReference>, Set<PDFReference>) = ([], [])
        try file.forEachCurrentObject { object throws(PDFFault) in
            if object.stream != nil, object.dictionary?["F"] != nil { found.kinds.insert("external stream") }
            object.value.forEachDictionary { dictionary in
                for key: PDFName in ["S", "Subtype"] {
                    found.note(kind: dictionary[key])
                    if let place = dictionary[key]?.reference { names.insert(place) }
                }
                found.note(events: dictionary["AA"])
                if let place = dictionary["AA"]?.reference { events.insert(place) }
                if dictionary["Ref"] != nil, dictionary["Subtype"] == .name("Form") {
                    found.kinds.insert("Ref")
                }
            }
        }
        for place in names { found.note(kind: try file.resolve(.reference(place), at: revision)) }
        for place in events { found.note(events: try file.resolve(.reference(place), at: revision)) }
    }

    /// Actions, and annotations that play.
    private static let active: Set<PDFName> = [
        "JavaScript", "Launch", "ImportData", "SubmitForm", "ResetForm", "Hide", "SetOCGState", "Rendition",
        "Movie", "Sound", "RichMediaExecute", "GoTo3DView", "RichMedia", "3D",
    ]

    private mutating func note(kind value: PDFValue?) {
        if let name = value?.name, Self.active.contains(name) { kinds.insert(name.text) }
    }

    /// What an action can be bound to: tables 197 to 200.
    private static let triggers: Set<PDFName> = [
        "E", "X", "D", "U", "Fo", "Bl", "PO", "PC", "PV", "PI", "O", "C", "K", "F", "V", "WC", "WS", "DS",
        "WP", "DP",
    ]

    /// A font or an image may be called AA, too.
    private mutating func note(events value: PDFValue?) {
        guard let events = value?.dictionary?.entries.keys else { return }
        if events.contains(where: Self.triggers.contains) { kinds.insert("AA") }
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
