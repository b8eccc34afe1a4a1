internal import PDF

/// Pages with their annotations, and what is drawn in a field that is filled in.
extension PDFRevisionReview {
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
        for field in content.filled {
            fillable.insert(field.reference.number)
            for widget in field.widgets { fillable.insert(widget.number) }
        }
        for (number, texts) in changes.modified where !explained.contains(number) {
            let uses = index.uses(of: number, upTo: old)
            if texts.old.stream != nil, texts.new.stream != nil, !uses.isEmpty,
                uses.allSatisfy({ $0.key == "AP" && fillable.contains($0.referrer) })
            {
                explainedStreams.insert(number)
            }
            if uses.isEmpty, texts.old.dictionary?.isType("XRef") == true,
                texts.new.dictionary?.isType("XRef") == true
            {
                explainedStreams.insert(number)
            }
        }
    }
}
