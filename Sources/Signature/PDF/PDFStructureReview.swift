internal import PDF

/// The structure tree of a tagged PDF (ISO 32000-2 section 14.7), into which software enters a field that it
/// adds: one element for the new widget, and its place in the parent tree.
///
/// What the tree said before must stay word for word, since it is what a screen reader reads aloud.
extension PDFRevisionReview {
    private static let rootKeys: Set<PDFName> = ["K", "ParentTree", "ParentTreeNextKey"]
    /// No Alt, ActualText or E: they would be read in place of what is shown.
    private static let elementKeys: Set<PDFName> = ["Type", "S", "P", "Pg", "K", "ID"]
    private static let nodesMax = 10_000

    /// Explains what it can; what it cannot is refused with the objects that nobody explained.
    mutating func reviewStructure() throws {
        // Most revisions leave the tree alone, and it may be large.
        guard changes.modified.keys.contains(where: { !explained.contains($0) }) else { return }
        let catalogs = (try file.catalog(at: old), try file.catalog(at: revision))
        guard let place = catalogs.0?["StructTreeRoot"]?.reference,
            catalogs.1?["StructTreeRoot"] == .reference(place),
            let before = try file.object(place, at: old)?.dictionary,
            let after = try file.object(place, at: revision)?.dictionary
        else { return }
        guard Self.differences(before, after).isSubset(of: Self.rootKeys),
            try addsElements(before["K"], after["K"], below: place),
            try keepsParentTree(before, after, of: place.number)
        else { return }
        if changes.modified[place.number] != nil { explained.insert(place.number) }
        try reviewElements()
    }

    /// Elements that were there may get new ones at their end.
    private mutating func reviewElements() throws {
        for (number, texts) in changes.modified where !explained.contains(number) {
            guard let before = texts.old.dictionary, before.isType("StructElem"),
                let after = texts.new.dictionary, Self.differences(before, after) == ["K"],
                try addsElements(before["K"], after["K"], below: texts.new.reference)
            else { continue }
            explained.insert(number)
        }
    }

    /// K is one kid or a list of them; the list may be an object of its own.
    private mutating func addsElements(
        _ before: PDFValue?, _ after: PDFValue?, below parent: PDFReference
    ) throws -> Bool {
        let list = before?.reference.flatMap { changes.modified[$0.number] == nil ? nil : $0.number }
        if before == after, list == nil { return true }
        let kids = (try kids(before, at: old), try kids(after, at: revision))
        guard kids.1.starts(with: kids.0) else { return false }
        for kid in kids.1.dropFirst(kids.0.count) {
            guard let reference = kid.reference, try isFieldElement(reference, below: parent) else {
                return false
            }
        }
        if let list {
            guard
                index.uses(of: list, upTo: old).allSatisfy({ $0.referrer == parent.number && $0.key == "K" })
            else { return false }
            explained.insert(list)
        }
        return true
    }

    private func kids(_ value: PDFValue?, at revision: Int) throws -> [PDFValue] {
        guard let value else { return [] }
        return try file.resolve(value, at: revision).array ?? [value]
    }

    /// A new element for the widget of a new signature field, and for nothing else.
    private func isFieldElement(_ reference: PDFReference, below parent: PDFReference) throws -> Bool {
        guard changes.added.contains(reference.number),
            let element = try file.object(reference, at: revision)?.dictionary,
            element.keys.isSubset(of: Self.elementKeys), element["S"] == .name("Form"),
            element["P"] == .reference(parent)
        else { return false }
        let kids = try kids(element["K"], at: revision)
        guard kids.count == 1, let kid = try file.resolve(kids[0], at: revision).dictionary,
            kid.isType("OBJR"), let widget = kid["Obj"]?.reference
        else { return false }
        return newWidgets.contains(widget)
    }

    // MARK: - The parent tree

    /// A number tree from a widget's StructParent to its element: what it held stays, what is new leads to
    /// new elements.
    private mutating func keepsParentTree(
        _ before: PDFDictionary, _ after: PDFDictionary, of root: Int
    ) throws -> Bool {
        var (oldNodes, newNodes): (Set<Int>, Set<Int>) = ([], [])
        var (oldEntries, newEntries): ([Int: PDFValue], [Int: PDFValue]) = ([:], [:])
        guard try read(before["ParentTree"], at: old, &oldNodes, &oldEntries, depth: 0),
            try read(after["ParentTree"], at: revision, &newNodes, &newEntries, depth: 0)
        else { return false }
        for (key, value) in oldEntries where newEntries[key] != value { return false }
        for (key, value) in newEntries where oldEntries[key] == nil {
            guard let element = value.reference, changes.added.contains(element.number),
                let parent = try file.object(element, at: revision)?.dictionary?["P"]?.reference,
                try isFieldElement(element, below: parent)
            else { return false }
        }
        let changed = oldNodes.filter { changes.modified[$0] != nil }
        // The same object as part of a page would be something else.
        let isTreeOnly = changed.allSatisfy { node in
            index.uses(of: node, upTo: old).allSatisfy { use in
                oldNodes.contains(use.referrer) || use.referrer == root && use.key == "ParentTree"
            }
        }
        guard isTreeOnly else { return false }
        explained.formUnion(changed)
        return true
    }

    /// - Returns: false where it is no number tree.
    private func read(
        _ value: PDFValue?, at revision: Int, _ nodes: inout Set<Int>, _ entries: inout [Int: PDFValue],
        depth: Int
    ) throws -> Bool {
        guard let value else { return true }
        guard depth < 16, nodes.count < Self.nodesMax else { return false }
        if let number = value.reference?.number {
            guard nodes.insert(number).inserted else { return false }
        }
        // Nothing that could be something else as well: the pages' tree has Kids, too.
        guard let node = try file.resolve(value, at: revision).dictionary,
            node.keys.isSubset(of: ["Nums", "Kids", "Limits"])
        else { return false }
        for key: PDFName in ["Nums", "Kids"] {
            if let number = node[key]?.reference?.number, !nodes.insert(number).inserted { return false }
        }
        let numbers = try file.resolve(node["Nums"], at: revision).array ?? []
        guard numbers.count % 2 == 0 else { return false }
        for place in stride(from: 0, to: numbers.count, by: 2) {
            guard let key = numbers[place].integer,
                entries.updateValue(numbers[place + 1], forKey: key) == nil
            else { return false }
        }
        for kid in try file.resolve(node["Kids"], at: revision).array ?? [] {
            guard try read(kid, at: revision, &nodes, &entries, depth: depth + 1) else { return false }
        }
        return true
    }
}
