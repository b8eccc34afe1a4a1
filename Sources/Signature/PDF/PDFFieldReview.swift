internal import PDF

/// Fields of a form: new ones, and those that were there.
extension PDFRevisionReview {
    /// Only a signature's field may be new: with its signature, or waiting for one.
    mutating func reviewNew(_ field: PDFField) throws {
        guard field.isSignature else {
            throw SignatureReason(.pdfFormChanged, field.name)
        }
        guard changes.added.contains(field.reference.number) else {
            throw Self.changed("form field \(field.name)")
        }
        try Self.checkWidget(field.dictionary)
        var isShown = false
        for widget in field.widgets {
            guard changes.added.contains(widget.number),
                let dictionary = try file.object(widget, at: revision)?.dictionary
            else { throw Self.changed("form field \(field.name)") }
            try Self.checkWidget(dictionary)
            // Some viewers take a widget's value for the field's.
            guard widget == field.reference || dictionary["V"] == nil else {
                throw Self.changed("signature field \(field.name)")
            }
            newWidgets.insert(widget)
            if Self.isVisible(dictionary) { isShown = true }
        }
        if isShown { content.shown.append(field.reference) }
        if field.value != nil, field.value != .null {
            try noteSignature(field)
        } else {
            content.waiting.append(field.reference)
        }
    }

    private static let widgetKeys: Set<PDFName> = [
        "Type", "Subtype", "FT", "T", "TU", "TM", "Ff", "F", "Rect", "P", "AP", "V", "DA", "DR", "MK", "BS",
        "Border", "Kids", "Lock", "SV", "NM", "M", "Q", "H", "AS", "C", "Parent", "Contents", "DV",
        "StructParent",
    ]

    /// Nothing that acts by itself.
    private static func checkWidget(_ dictionary: PDFDictionary) throws {
        if let key = dictionary.keys.subtracting(widgetKeys).first {
            throw changed("signature field /\(key.text)")
        }
        // A page is one, whatever else it is.
        guard dictionary["Type"] == nil || dictionary.isType("Annot"),
            dictionary["Subtype"] == nil || dictionary["Subtype"] == .name("Widget"),
            dictionary["Contents"] == nil || dictionary["Contents"]?.string != nil
        else { throw changed("signature field of another type") }
    }

    /// Whether it has something to show, on a screen or on paper, at once or later: an action of the signed
    /// document may show what is hidden.
    private static func isVisible(_ widget: PDFDictionary) -> Bool {
        let isDrawn = widget["AP"] != nil || widget["MK"].map { $0 != .dictionary(PDFDictionary()) } ?? false
        guard let place = widget["Rect"], isDrawn else { return false }
        // A rectangle that is written elsewhere is not looked up: it counts as one with an area.
        let rectangle = place.array ?? []
        return rectangle.count != 4 || rectangle[0] != rectangle[2] && rectangle[1] != rectangle[3]
    }

    private mutating func noteSignature(_ field: PDFField) throws {
        // Only what covers this revision explains it: a copy of an older signature must not.
        guard let number = field.value?.reference?.number, let value = signatures[number],
            value.revision == revision
        else { throw Self.changed("signature field \(field.name)") }
        content.signed.append(field)
    }

    private static let signingKeys: Set<PDFName> = ["V", "AP", "M", "F", "MK", "DA", "DR", "Ff"]
    private static let lookKeys: Set<PDFName> = ["AP", "MK", "F"]
    private static let fillingKeys: Set<PDFName> = ["V", "AP", "AS", "I", "M", "RV"]

    mutating func reviewKnown(_ before: PDFField, _ after: PDFField) throws {
        let numbers = [after.reference] + after.widgets
        let isSigned = before.value != nil && before.value != .null
        let touched = numbers.filter { changes.modified[$0.number] != nil }
        guard !touched.isEmpty || before.value != after.value else { return }
        if after.isSignature, isSigned { throw Self.changed("signature field \(after.name)") }
        let permitted = after.isSignature ? Self.signingKeys : Self.fillingKeys
        for reference in touched {
            guard let (one, other) = changes.modified[reference.number], let one = one.dictionary,
                let other = other.dictionary
            else { throw Self.changed("form field \(after.name)") }
            let differences = Self.differences(one, other)
            guard differences.isSubset(of: permitted) else {
                throw SignatureReason(.pdfFormChanged, after.name)
            }
            guard isOnlyField(reference.number) else { throw Self.changed("form field \(after.name)") }
            explained.insert(reference.number)
            if after.isSignature, Self.isVisible(other), !differences.isDisjoint(with: Self.lookKeys) {
                content.shown.append(after.reference)
            }
        }
        if after.isSignature {
            try noteSignature(after)
        } else {
            try noteFilling(before)
        }
    }

    mutating func noteFilling(_ field: PDFField) throws {
        // A button's appearance is all that it has: nothing is filled in, something else is shown.
        if field.isPushButton { throw SignatureReason(.pdfFormChanged, field.name) }
        if field.isReadOnly, try !isCalculated(field) { throw SignatureReason(.pdfFormChanged, field.name) }
        content.filled.append(field)
    }

    /// Nobody types into a read-only field; at most the form itself works its value out (table 199 /C).
    private mutating func isCalculated(_ field: PDFField) throws -> Bool {
        if calculated == nil {
            let order = try file.resolve(oldForm.dictionary?["CO"], at: old).array ?? []
            calculated = Set(order.compactMap(\.reference))
        }
        if calculated?.contains(field.reference) == true { return true }
        return try file.resolve(field.dictionary["AA"], at: old).dictionary?["C"] != nil
    }

    /// What refers to fields and widgets. Below another key the object is something else as well, and what is
    /// a value to the one may be how a page is drawn to the other.
    private static let fieldUses: Set<PDFName> = [
        "AcroForm", "Fields", "Kids", "Annots", "Parent", "CO", "K", "Obj", "Nums", "A", "AA", "OpenAction",
        "Names", "Data", "Reference", "Popup", "IRT",
    ]

    private func isOnlyField(_ number: Int) -> Bool {
        index.uses(of: number, upTo: old).allSatisfy { $0.key.map(Self.fieldUses.contains) ?? true }
    }
}
