package import Exchange
internal import Synchronization

/// A qualified name. Namespaces decide what an element is; prefixes matter to canonicalisation only.
///
/// An object, one for each distinct name: handing an element on counts one reference and not three strings.
/// It outlives the document, because the next one has the same names.
package final class XMLName: Sendable {
    /// Of its prefix, in the table of the reader that made it; from 0, in the order of their coming. Two
    /// names of one reader with one number have one prefix: a document has seventy names and three of them.
    let prefixNumber: Int
    /// Empty where there is none.
    package let prefix: ExactString
    package let local: ExactString
    /// Empty where there is none.
    package let namespace: ExactString
    /// `prefix:local`, or `local` alone, as it stands in a tag.
    let qualified: [UInt8]
    /// `<prefix:local`, and whatever comes then.
    let startTag: [UInt8]
    /// `</prefix:local>`.
    let endTag: [UInt8]
    private let letterNoted = Atomic<UInt8>(0)
    private let signatureNoted = Atomic<UInt8>(0)

    /// Room for what the reader of letters has found the name to mean; 0 for nothing yet. It has to follow
    /// from namespace and local name alone: it is there for later documents too, and whoever comes second
    /// writes the same.
    package var letterNote: UInt8 {
        get { letterNoted.load(ordering: .relaxed) }
        set { letterNoted.store(newValue, ordering: .relaxed) }
    }
    /// The same for the reader of signatures.
    package var signatureNote: UInt8 {
        get { signatureNoted.load(ordering: .relaxed) }
        set { signatureNoted.store(newValue, ordering: .relaxed) }
    }

    package init(prefixNumber: Int, prefix: ExactString, local: ExactString, namespace: ExactString) {
        self.prefixNumber = prefixNumber
        self.prefix = prefix
        self.local = local
        self.namespace = namespace
        var qualified: [UInt8] = []
        qualified.reserveCapacity(prefix.string.utf8.count + 1 + local.string.utf8.count)
        if !prefix.isEmpty {
            qualified.append(contentsOf: prefix.string.utf8)
            qualified.append(0x3A)
        }
        qualified.append(contentsOf: local.string.utf8)
        self.qualified = qualified
        startTag = [0x3C] + qualified
        endTag = [0x3C, 0x2F] + qualified + [0x3E]
    }
}

package struct XMLAttribute: Sendable {
    package let name: XMLName
    /// UTF-8 after attribute-value normalisation.
    package let value: [UInt8]

    package init(name: XMLName, value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// `xmlns:prefix="uri"`; the prefix is empty for the default namespace, the URI for taking it back.
package struct XMLNamespaceDeclaration: Sendable {
    package let prefix: ExactString
    package let uri: ExactString

    package init(prefix: ExactString, uri: ExactString) {
        self.prefix = prefix
        self.uri = uri
    }
}

/// Both count from 1.
package struct XMLPosition: Sendable, Equatable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}

package struct XMLStartElement: Sendable {
    package let name: XMLName
    /// In document order, namespace declarations not among them.
    package let attributes: [XMLAttribute]
    package let declarations: [XMLNamespaceDeclaration]
    package let position: XMLPosition

    package init(
        name: XMLName, attributes: [XMLAttribute], declarations: [XMLNamespaceDeclaration],
        position: XMLPosition
    ) {
        self.name = name
        self.attributes = attributes
        self.declarations = declarations
        self.position = position
    }
}

/// Takes a document's events in their order, on the caller's thread.
///
/// Bytes are borrowed: they are gone when the call returns. A handler that finds something wrong remembers
/// it and is asked after each chunk; it does not throw through the parser's C frames.
package protocol XMLEventHandler: AnyObject {
    func startElement(_ element: XMLStartElement)
    func endElement(_ name: XMLName, at position: XMLPosition)
    /// A run of character data (CDATA sections included), line ends normalised; one text may come in many
    /// runs.
    func text(_ bytes: Span<UInt8>, at position: XMLPosition)
    /// The same for a run that is its own canonical form: ASCII, no markup, no control characters but tab and
    /// line feed.
    func plainText(_ bytes: Span<UInt8>, at position: XMLPosition)
    func comment(_ bytes: Span<UInt8>, at position: XMLPosition)
    func processingInstruction(target: ExactString, data: Span<UInt8>, at position: XMLPosition)
}

extension XMLEventHandler {
    package func plainText(_ bytes: Span<UInt8>, at position: XMLPosition) { text(bytes, at: position) }
}

/// Takes bytes as they come; they are gone when the call returns.
package protocol ByteSink: AnyObject {
    func write(_ bytes: Span<UInt8>)
}
