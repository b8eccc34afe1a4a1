internal import Exchange

/// `xml:` attributes that an element takes along when its ancestors are left out: Canonical XML 1.0
/// section 2.4 takes all, 1.1 leaves `xml:id` and joins the `xml:base` of all ancestors.
enum InheritedAttributes {
    static func merged(
        into own: [XMLAttribute], from context: XMLNamespaceContext, method: CanonicalizationMethod
    ) -> [XMLAttribute] {
        var merged = own
        for attribute in context.attributes where find(attribute.name.local, in: own) == nil {
            if method == .inclusive11, attribute.name.local == "id" { continue }
            merged.append(attribute)
        }
        guard let nearest = context.bases.last else { return merged }
        guard method == .inclusive11 else {
            if find("base", in: own) == nil { merged.append(nearest) }
            return merged
        }
        var values = context.bases.map(\.value)
        let ownPlace = find("base", in: own)
        if let ownPlace { values.append(own[ownPlace].value) }
        var joined = values[0]
        for value in values.dropFirst() {
            joined = URIReference(joined).joined(with: URIReference(value)).bytes
        }
        if let ownPlace { merged.remove(at: ownPlace) }
        if !joined.isEmpty { merged.append(XMLAttribute(name: nearest.name, value: joined)) }
        return merged
    }

    private static func find(_ local: ExactString, in attributes: [XMLAttribute]) -> Int? {
        attributes.firstIndex { $0.name.prefix == "xml" && $0.name.local == local }
    }
}

/// RFC 3986 parts of a reference, for the joining of `xml:base` values only (C14N 1.1 section 2.4).
struct URIReference {
    private var scheme: ArraySlice<UInt8>?
    private var authority: ArraySlice<UInt8>?
    private var path: ArraySlice<UInt8> = []
    private var query: ArraySlice<UInt8>?

    /// Splits as RFC 3986 appendix B does; the fragment is dropped, as the joining says.
    init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        if let fragment = rest.firstIndex(of: 0x23) { rest = rest[..<fragment] }
        if let mark = rest.firstIndex(of: 0x3F) {
            query = rest[(mark + 1)...]
            rest = rest[..<mark]
        }
        if let colon = rest.firstIndex(of: 0x3A), colon > rest.startIndex, !rest[..<colon].contains(0x2F) {
            scheme = rest[..<colon]
            rest = rest[(colon + 1)...]
        }
        if rest.starts(with: [0x2F, 0x2F]) {
            let afterSlashes = rest.dropFirst(2)
            let end = afterSlashes.firstIndex(of: 0x2F) ?? afterSlashes.endIndex
            authority = afterSlashes[..<end]
            rest = afterSlashes[end...]
        }
        path = rest
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        if let scheme { bytes += Array(scheme) + [0x3A] }
        if let authority { bytes += [0x2F, 0x2F] + Array(authority) }
        bytes += Array(path)
        if let query { bytes += [0x3F] + Array(query) }
        return bytes
    }

    /// `reference` as seen from here. RFC 3986 section 5.2.2 with the changes of C14N 1.1: the base need
    /// not be absolute, and a relative result keeps its leading `..`.
    func joined(with reference: URIReference) -> URIReference {
        var target = reference
        if reference.scheme != nil {
            target.path = Self.removingDots(reference.path)
            return target
        }
        target.scheme = scheme
        if reference.authority != nil {
            target.path = Self.removingDots(reference.path)
            return target
        }
        target.authority = authority
        if reference.path.isEmpty {
            target.path = Self.removingDots(path)
            if reference.query == nil { target.query = query }
        } else if reference.path.first == 0x2F {
            target.path = Self.removingDots(reference.path)
        } else {
            target.path = Self.removingDots(merge(reference.path))
        }
        return target
    }

    /// RFC 3986 section 5.2.3.
    private func merge(_ relative: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if authority != nil, path.isEmpty { return [0x2F] + relative }
        // C14N 1.1: a base that ends in `..` means the directory, so nothing is cut from it.
        if path == [0x2E, 0x2E] || path.suffix(3) == [0x2F, 0x2E, 0x2E] { return path + [0x2F] + relative }
        guard let slash = path.lastIndex(of: 0x2F) else { return relative }
        return path[...slash] + relative
    }

    /// Section 5.2.4 as C14N 1.1 changes it: runs of `/` become one, a trailing `..` gets its `/`, and what
    /// cannot be taken back stays in a relative path.
    private static func removingDots(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isAbsolute = path.first == 0x2F
        let segments = path.split(separator: 0x2F, omittingEmptySubsequences: true)
        var kept: [ArraySlice<UInt8>] = []
        for segment in segments {
            if segment == [0x2E] { continue }
            if segment != [0x2E, 0x2E] {
                kept.append(segment)
            } else if let last = kept.last, last != [0x2E, 0x2E] {
                kept.removeLast()
            } else if !isAbsolute {
                kept.append(segment)
            }
        }
        let endsInDirectory = path.last == 0x2F || segments.last == [0x2E] || segments.last == [0x2E, 0x2E]
        var result: [UInt8] = isAbsolute ? [0x2F] : []
        result += kept.joined(separator: [0x2F])
        if endsInDirectory, !kept.isEmpty { result.append(0x2F) }
        return result[...]
    }
}
