package import Exchange

/// What an element takes over from the elements around it: namespaces in scope and `xml:` attributes.
///
/// Kept while events stream by, so that a part of the document can be canonicalised as if the whole
/// were at hand.
package struct XMLNamespaceContext: Sendable {
    private var depth = 0
    private var declared: [(depth: Int, declaration: XMLNamespaceDeclaration)] = []
    private var inherited: [(depth: Int, attribute: XMLAttribute)] = []

    package init() {}

    /// To be called for every start of an element, beginning with the document's.
    package mutating func enter(_ element: XMLStartElement) {
        depth += 1
        for declaration in element.declarations { declared.append((depth, declaration)) }
        for attribute in element.attributes where attribute.name.prefix == "xml" {
            inherited.append((depth, attribute))
        }
    }

    /// To be called for every end of an element.
    package mutating func leave() {
        precondition(depth > 0, "left more elements than entered")
        while let last = declared.last, last.depth == depth { declared.removeLast() }
        while let last = inherited.last, last.depth == depth { inherited.removeLast() }
        depth -= 1
    }

    /// Nil where the prefix is not declared; empty for a default namespace that is not there.
    package func namespace(of prefix: ExactString) -> ExactString? {
        for entry in declared.reversed() where entry.declaration.prefix == prefix {
            return entry.declaration.uri
        }
        return prefix.isEmpty ? "" : nil
    }

    /// Each prefix once, as it is bound now; a default namespace that was taken back is not among them.
    package var namespaces: [XMLNamespaceDeclaration] {
        var seen: Set<ExactString> = []
        var inScope: [XMLNamespaceDeclaration] = []
        // Nearly always there is one, and no need for a set.
        for entry in declared.reversed()
        where declared.count == 1 || seen.insert(entry.declaration.prefix).inserted {
            if !entry.declaration.uri.isEmpty { inScope.append(entry.declaration) }
        }
        return inScope
    }

    /// `xml:` attributes by local name, the nearest ancestor's; `xml:base` is left to `bases`.
    package var attributes: [XMLAttribute] {
        var seen: Set<ExactString> = ["base"]
        var nearest: [XMLAttribute] = []
        for entry in inherited.reversed() where seen.insert(entry.attribute.name.local).inserted {
            nearest.append(entry.attribute)
        }
        return nearest
    }

    /// All `xml:base` attributes from the document's element inward.
    package var bases: [XMLAttribute] {
        inherited.map(\.attribute).filter { $0.name.local == "base" }
    }
}
