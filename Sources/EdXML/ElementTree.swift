internal import Exchange
internal import XML

/// An attachment that was decoded, with what was known of it when that began.
struct DecodedContent {
    let described: AttachmentDescription
    let byteCount: Int
    let sha256: Digest256?
}

/// The known elements of a file with their texts, in document order; attachments' contents are not in it.
struct ElementTree {
    struct Node {
        let rule: ElementRule
        let parent: Int
        /// From 1, among the siblings of one name.
        let occurrence: Int
        let position: XMLPosition
        /// Trimmed; empty for elements that hold elements.
        var text = ""
        /// Index after the last node inside.
        var end = 0
    }

    private(set) var nodes: [Node] = []
    // By their nodes, and not in them: few have one, and all would be three times as large.
    private var decoded: [Int: DecodedContent] = [:]
    private var links: [Int: String] = [:]

    init() {
        // What a letter to a few recipients has.
        nodes.reserveCapacity(64)
    }

    mutating func open(_ rule: ElementRule, in parent: Int, occurrence: Int, at position: XMLPosition) -> Int
    {
        nodes.append(Node(rule: rule, parent: parent, occurrence: occurrence, position: position))
        return nodes.count - 1
    }

    mutating func close(_ index: Int, text: String) {
        nodes[index].text = text
        nodes[index].end = nodes.count
    }

    mutating func setDecoded(_ content: DecodedContent, of index: Int) {
        decoded[index] = content
    }

    /// What an attachment's content has become; nil for other elements.
    func decoded(of index: Int) -> DecodedContent? { decoded[index] }

    mutating func setLink(_ link: String, of index: Int) {
        links[index] = link
    }

    /// Of a Reference in the variant with attributes; empty for all else.
    func link(of index: Int) -> String {
        links.isEmpty ? "" : links[index] ?? ""
    }

    func children(_ tag: Tag, of parent: Int) -> [Int] {
        var found: [Int] = []
        // An element that is still open has no end yet: an attachment that begins its content.
        let end = nodes[parent].end == 0 ? nodes.count : nodes[parent].end
        var index = parent + 1
        while index < end {
            if nodes[index].rule.tag == tag { found.append(index) }
            index = max(nodes[index].end, index + 1)
        }
        return found
    }

    func child(_ tag: Tag, of parent: Int) -> Int? {
        let end = nodes[parent].end == 0 ? nodes.count : nodes[parent].end
        var index = parent + 1
        while index < end {
            if nodes[index].rule.tag == tag { return index }
            index = max(nodes[index].end, index + 1)
        }
        return nil
    }

    /// Empty where the element is not there.
    func text(_ tag: Tag, of parent: Int) -> String {
        child(tag, of: parent).map { nodes[$0].text } ?? ""
    }

    /// `/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId`.
    func path(of index: Int) -> String {
        // As bytes: the pieces are short, and appending to a String costs a call of the library for each.
        var path: [UInt8] = []
        path.reserveCapacity(96)
        appendPath(of: index, to: &path)
        return String(decoding: path, as: UTF8.self)
    }

    private func appendPath(of index: Int, to path: inout [UInt8]) {
        if index < 0 { return }
        appendPath(of: nodes[index].parent, to: &path)
        let (rule, occurrence) = (nodes[index].rule, nodes[index].occurrence)
        path.append(0x2F)
        path.append(contentsOf: rule.tag.rawValue.utf8)
        if rule.repeats || occurrence > 1 { path.append(contentsOf: "[\(occurrence)]".utf8) }
    }
}
