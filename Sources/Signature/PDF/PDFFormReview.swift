internal import PDF

/// The form, and the groups that its fields stand in.
extension PDFRevisionReview {
    // MARK: - Form

    mutating func reviewForm() throws {
        let before = oldForm.dictionary ?? PDFDictionary()
        let after = newForm.dictionary ?? PDFDictionary()
        if oldForm.dictionary != nil, newForm.dictionary == nil { throw Self.changed("AcroForm") }
        guard let roots = try additions(before["Fields"], after["Fields"]) else {
            throw Self.changed("AcroForm /Fields")
        }
        guard areFields(roots) else { throw Self.changed("AcroForm /Fields") }
        for key in Self.differences(before, after) {
            switch key {
            case "Fields", "SigFlags": break
            case "DA" where before[key] == nil, "Q" where before[key] == nil: try checkNothingIsDrawn(key)
            case "DR":
                try checkNothingIsDrawn(key)
                let resources = (
                    try file.resolve(before[key], at: old), try file.resolve(after[key], at: revision)
                )
                guard Self.isAdditive(resources.0, resources.1, depth: 0) else {
                    throw Self.changed("AcroForm /DR")
                }
            case "NeedAppearances": try noteRedrawing(before[key], after[key])
            default: throw Self.changed("AcroForm /\(key.text)")
            }
        }
        try explainForm(before)
    }

    /// As objects of their own, the form and its list; as part of something else they are that, too.
    private mutating func explainForm(_ before: PDFDictionary) throws {
        guard let catalog = file.trailer(at: old)["Root"]?.reference?.number,
            let oldCatalog = try file.catalog(at: old)
        else { return }
        let form = oldCatalog["AcroForm"]?.reference?.number
        if let form, isUsedOnly(form, by: catalog, below: "AcroForm") { explained.insert(form) }
        guard let list = before["Fields"]?.reference?.number else { return }
        let isForms = index.uses(of: list, upTo: old).allSatisfy {
            $0.referrer == form && $0.key == "Fields" || $0.referrer == catalog && $0.key == "AcroForm"
        }
        if isForms { explained.insert(list) }
    }

    /// The fonts and colours that fields are drawn with must not change where viewers draw fields themselves:
    /// the same number would look like another one.
    private func checkNothingIsDrawn(_ key: PDFName) throws {
        let needed = try file.resolve(oldForm.dictionary?["NeedAppearances"], at: old)
        var isDrawn = needed == .boolean(true)
        for field in oldForm.fields where !isDrawn && !field.isSignature {
            // Nothing is drawn of an empty text.
            if field.type == "Tx", field.value == nil || field.value == .null { continue }
            for widget in field.widgets {
                let appearance = try file.object(widget, at: old)?.dictionary?["AP"]
                if try file.resolve(appearance, at: old).dictionary == nil { isDrawn = true }
            }
        }
        if isDrawn { throw Self.changed("AcroForm /\(key.text)") }
    }

    /// With it viewers draw all fields anew, without it they show what was drawn: the same as if every field
    /// was filled in.
    private mutating func noteRedrawing(_ before: PDFValue?, _ after: PDFValue?) throws {
        let values = try (file.resolve(before, at: old), file.resolve(after, at: revision))
        guard (values.0 == .boolean(true)) != (values.1 == .boolean(true)) else { return }
        for field in newForm.fields where !field.isSignature { try noteFilling(field) }
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

    /// A new field may stand at the end of a group that was there, which says the same otherwise, or in a
    /// group that is new like itself.
    private mutating func reviewGroups() throws {
        for group in newForm.groups.subtracting(oldForm.groups) where try !isNewGroup(group) {
            throw Self.changed("group of form fields \(group.number)")
        }
        let known = try oldForm.groups.intersection(newForm.groups).filter(isTouched)
        let pages = known.isEmpty ? [] : try pageTree()
        for group in known where !pages.contains(group.number) {
            if let texts = changes.modified[group.number], let before = texts.old.dictionary,
                let after = texts.new.dictionary, Self.differences(before, after) == ["Kids"],
                let kids = try additions(before["Kids"], after["Kids"]), areFields(kids)
            {
                // Each of these fields has been judged as a new one.
                explained.insert(group.number)
            }
            // Where the list is an object of its own, it changes in place of the group.
            guard let list = try kidsList(of: group), let texts = changes.modified[list],
                isUsedOnly(list, by: group.number, below: "Kids"),
                let kids = try additions(texts.old.value, texts.new.value), areFields(kids)
            else { continue }
            explained.insert(list)
        }
    }

    private func isTouched(_ group: PDFReference) throws -> Bool {
        if changes.modified[group.number] != nil { return true }
        return try kidsList(of: group).map { changes.modified[$0] != nil } ?? false
    }

    private func kidsList(of group: PDFReference) throws -> Int? {
        try file.object(group, at: old)?.dictionary?["Kids"]?.reference?.number
    }

    private static let groupKeys: Set<PDFName> = ["T", "TU", "TM", "FT", "Ff", "Kids", "Parent"]

    private func isNewGroup(_ group: PDFReference) throws -> Bool {
        guard changes.added.contains(group.number),
            let dictionary = try file.object(group, at: revision)?.dictionary
        else { return false }
        return dictionary.keys.isSubset(of: Self.groupKeys)
    }

    private func areFields(_ values: ArraySlice<PDFValue>) -> Bool {
        values.allSatisfy { $0.reference.map(newFields.contains) ?? false }
    }

    /// Nodes and pages: whoever adds to the kids of one adds a page, even where it is a group of fields, too.
    private func pageTree() throws -> Set<Int> {
        var found: Set<Int> = []
        var left = [try file.catalog(at: old)?["Pages"]].compactMap(\.self)
        while let value = left.popLast() {
            guard let reference = value.reference, found.insert(reference.number).inserted,
                let node = try file.object(reference, at: old)?.dictionary
            else { continue }
            left += try file.resolve(node["Kids"], at: old).array ?? []
        }
        return found
    }

    /// What a list has at its end beside what it had; nil where it lost or changed anything.
    func additions(_ before: PDFValue?, _ after: PDFValue?) throws -> ArraySlice<PDFValue>? {
        let old = try file.resolve(before, at: old).array ?? []
        let new = try file.resolve(after, at: revision).array ?? []
        return new.starts(with: old) ? new.dropFirst(old.count) : nil
    }
}
