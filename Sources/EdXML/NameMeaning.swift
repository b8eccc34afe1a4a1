internal import Exchange
internal import XML

/// What the name of an element is to the reader of letters.
enum NameMeaning {
    /// Nothing of edXML's.
    case unknown
    /// A local name of edXML's in another namespace.
    case foreign(Tag)
    case known(Tag)

    /// Found once for each name and noted there: it follows from the name alone.
    static func of(_ name: XMLName) -> NameMeaning {
        let note = Int(name.letterNote)
        let tags = Tag.inOrder
        switch note {
        case 0: return find(name)
        case 1: return .unknown
        case ..<(2 + tags.count): return .known(tags[note - 2])
        default: return .foreign(tags[note - 2 - tags.count])
        }
    }

    private static func find(_ name: XMLName) -> NameMeaning {
        guard let tag = Tag.named(name.local), let place = Tag.inOrder.firstIndex(of: tag) else {
            name.letterNote = 1
            return .unknown
        }
        let isKnown = name.namespace == EdXMLReader.namespace
        let note = 2 + place + (isKnown ? 0 : Tag.inOrder.count)
        name.letterNote = UInt8(note)
        return isKnown ? .known(tag) : .foreign(tag)
    }
}

extension Tag {
    /// At most 126: a place has to fit into a note twice over.
    static let inOrder = allCases
}
