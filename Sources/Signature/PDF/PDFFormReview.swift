internal import PDF

/// The form, its fields, and the pages that show them.
extension PDFRevisionReview {
    // MARK: - Form

    mutating func reviewForm() throws {
        let before = oldForm.dictionary ?? PDFDictionary()
        let after = newForm.dictionary ?? PDFDictionary()
        if oldForm.dictionary != nil, newForm.dictionary == nil { throw Self.changed("AcroForm") }
        guard let roots = try additions(before["Fields"], after["Fields"]) else {
            throw Self.changed("AcroForm /Fields")
        }
        let fields = Set(newForm.fields.map(\.reference))
        for root in roots {
            guard let reference = root.reference, fields.contains(reference) else {
                throw Self.changed("AcroForm /Fields")
            }
        }
        for key in Self.differences(before, after) {
            switch key {
            case "Fields", "SigFlags": break
            case "DA" where before[key] == nil, "Q" where before[key] == nil: break
            case "DR":
                let resources = (
                    try file.resolve(before[key], at: old), try file.resolve(after[key], at: revision)
                )
                guard Self.isAdditive(resources.0, resources.1, depth: 0) else {
                    throw Self.changed("AcroForm /DR")
                }
            case "NeedAppearances" where after[key] == nil || after[key] == .boolean(false): break
            default: throw Self.changed("AcroForm /\(key.text)")
            }
        }
        let oldCatalog = try file.resolve(file.trailer(at: old)["Root"], at: old).dictionary
        explain(oldCatalog?["AcroForm"])
        explain(before["Fields"])
    }

    /// Resources may come in beside those that are there.
    private static func isAdditive(_ old: PDFValue, _ new: PDFValue, depth: Int) -> Bool {
        if old == .null || old == new { return true }
        guard depth < 2, let old = old.dictionary, let new = new.dictionary else { return false }
        return old.entries.allSatisfy { key, value in
            new[key].map { isAdditive(value, $0, depth: depth + 1) } ?? false
        }
    }

    // MARK: - Fields

    mutating func reviewFields() throws {
        var known: [PDFReference: PDFField] = [:]
        for field in oldForm.fields { known[field.reference] = field }
        for field in newForm.fields {
            guard let before = known.removeValue(forKey: field.reference) else {
                try reviewNew(field)
                continue
            }
            guard Array(before.name.utf8) == Array(field.name.utf8), before.type == field.type,
                before.widgets == field.widgets
            else { throw Self.changed("form field \(field.name)") }
            try reviewKnown(before, field)
        }
        if let gone = known.values.first { throw Self.changed("form field \(gone.name)") }
        try reviewGroups()
    }

    /// A new field may stand at the end of a group that was there: what the group says otherwise stays.
    private mutating func reviewGroups() throws {
        let fields = Set(newForm.fields.map(\.reference))
        for group in oldForm.groups.intersection(newForm.groups) {
            guard let texts = changes.modified[group.number], let before = texts.old.dictionary,
                let after = texts.new.dictionary
            else { continue }
            guard Self.differences(before, after) == ["Kids"],
                let kids = try additions(before["Kids"], after["Kids"]),
                kids.allSatisfy({ $0.reference.map(fields.contains) ?? false })
            else { continue }
            // Each of these fields has been judged as a new one.
            explained.insert(group.number)
        }
        for group in oldForm.groups {
            // Where the list is an object of its own, it changes in place of the group.
            guard let before = try file.object(group, at: old)?.dictionary,
                let list = before["Kids"]?.reference, let texts = changes.modified[list.number],
                index.uses(of: list.number, upTo: old).allSatisfy({
                    $0.referrer == group.number && $0.key == "Kids"
                }),
                let kids = try additions(texts.old.value, texts.new.value),
                kids.allSatisfy({ $0.reference.map(fields.contains) ?? false })
            else { continue }
            explained.insert(list.number)
        }
    }

    /// What a list has at its end beside what it had; nil where it lost or changed anything.
    func additions(_ before: PDFValue?, _ after: PDFValue?) throws -> ArraySlice<PDFValue>? {
        let old = try file.resolve(before, at: old).array ?? []
        let new = try file.resolve(after, at: revision).array ?? []
        return new.starts(with: old) ? new.dropFirst(old.count) : nil
    }

    /// Only a signature's field may be new: with its signature, or waiting for one.
    mutating func reviewNew(_ field: PDFField) throws {
        guard field.isSignature else {
            throw SignatureReason(.pdfFormChanged, field.name)
        }
        guard changes.added.contains(field.reference.number) else {
            throw Self.changed("form field \(field.name)")
        }
        try Self.checkWidget(field.dictionary)
        for widget in field.widgets {
            guard changes.added.contains(widget.number),
                let dictionary = try file.object(widget, at: revision)?.dictionary
            else { throw Self.changed("form field \(field.name)") }
            try Self.checkWidget(dictionary)
            newWidgets.insert(widget)
            if Self.isVisible(dictionary) { content.shown.append(field.reference) }
        }
        if field.value != nil, field.value != .null { try noteSignature(field) }
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
    }

    private static func isVisible(_ widget: PDFDictionary) -> Bool {
        guard let place = widget["Rect"], widget["AP"] != nil else { return false }
        // A rectangle that is written elsewhere is not looked up: it counts as one with an area.
        let rectangle = place.array ?? []
        let hasArea =
            rectangle.count != 4 || rectangle[0] != rectangle[2] && rectangle[1] != rectangle[3]
        // Hidden, or not shown on a screen.
        return hasArea && (widget["F"]?.integer ?? 0) & 0x22 == 0
    }

    private mutating func noteSignature(_ field: PDFField) throws {
        // Only what covers this revision explains it: a copy of an older signature must not.
        guard let number = field.value?.reference?.number, let value = signatures[number],
            value.revision == revision
        else { throw Self.changed("signature field \(field.name)") }
        content.signed.append(field)
    }

    private static let signingKeys: Set<PDFName> = ["V", "AP", "M", "F", "MK", "DA", "DR", "Ff"]
    private static let fillingKeys: Set<PDFName> = ["V", "AP", "AS", "I", "M", "RV"]

    mutating func reviewKnown(_ before: PDFField, _ after: PDFField) throws {
        let numbers = [after.reference] + after.widgets
        let isSigned = before.value != nil && before.value != .null
        let touched = numbers.filter { changes.modified[$0.number] != nil }
        guard !touched.isEmpty || before.value != after.value else { return }
        // A button's appearance is all that it has: nothing is filled in, something else is shown.
        if after.isPushButton { throw SignatureReason(.pdfFormChanged, after.name) }
        if after.isSignature, isSigned { throw Self.changed("signature field \(after.name)") }
        let permitted = after.isSignature ? Self.signingKeys : Self.fillingKeys
        for reference in touched {
            guard let (one, other) = changes.modified[reference.number], let one = one.dictionary,
                let other = other.dictionary
            else { throw Self.changed("form field \(after.name)") }
            guard Self.differences(one, other).isSubset(of: permitted) else {
                throw SignatureReason(.pdfFormChanged, after.name)
            }
            explained.insert(reference.number)
            if !Self.isVisible(one), Self.isVisible(other) { content.shown.append(after.reference) }
        }
        if after.isSignature {
            try noteSignature(after)
        } else {
            content.filled.append(after.name)
        }
    }

    // MARK: - Pages

    mutating func reviewPages() throws {
        for (number, texts) in changes.modified where !explained.contains(number) {
            if let before = texts.old.dictionary, before.isType("Page") {
                guard let after = texts.new.dictionary,
                    Self.differences(before, after).isSubset(of: ["Annots"])
                else { continue }
                try reviewAnnotations(before["Annots"], after["Annots"])
                explained.insert(number)
            } else if texts.old.value.array != nil, texts.new.value.array != nil, isAnnotationList(number) {
                try reviewAnnotations(texts.old.value, texts.new.value)
                explained.insert(number)
            } else if texts.old.dictionary?["Subtype"] != nil, isUsedOnlyBelow(number, "Annots") {
                throw SignatureReason(.pdfAnnotationChanged, "object \(number)")
            }
        }
    }

    private func isAnnotationList(_ number: Int) -> Bool { isUsedOnlyBelow(number, "Annots") }

    private func isUsedOnlyBelow(_ number: Int, _ key: PDFName) -> Bool {
        let uses = index.uses(of: number, upTo: old)
        return !uses.isEmpty && uses.allSatisfy { $0.key == key }
    }

    /// The same ones in the same order, and widgets of new signature fields after them.
    private func reviewAnnotations(_ before: PDFValue?, _ after: PDFValue?) throws {
        guard let added = try additions(before, after) else { throw SignatureReason(.pdfAnnotationChanged) }
        for value in added {
            guard let reference = value.reference, newWidgets.contains(reference) else {
                throw SignatureReason(.pdfAnnotationChanged)
            }
        }
    }

    // MARK: - Streams

    /// Appearances of fields that were filled in, and what only holds other objects.
    mutating func reviewStreams() throws {
        var fillable: Set<Int> = []
        for field in newForm.fields where content.filled.contains(field.name) {
            fillable.insert(field.reference.number)
            for widget in field.widgets { fillable.insert(widget.number) }
        }
        for (number, texts) in changes.modified where !explained.contains(number) {
            let uses = index.uses(of: number, upTo: old)
            if texts.old.stream != nil, texts.new.stream != nil, !uses.isEmpty,
                uses.allSatisfy({ $0.key == "AP" && fillable.contains($0.referrer) })
            {
                explained.insert(number)
            }
            if uses.isEmpty, texts.old.dictionary?.isType("XRef") == true,
                texts.new.dictionary?.isType("XRef") == true
            {
                explained.insert(number)
            }
        }
    }
}
