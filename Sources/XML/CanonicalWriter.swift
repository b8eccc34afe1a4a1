internal import Exchange

/// What a canonicalisation knows between two events.
///
/// A value inside of `Canonicalizer`, so that an event is one access to that object: each access is checked
/// at run time to be the only one, which cost more than the writing did.
struct CanonicalWriter: ~Copyable {
    /// A prefix or URI by number: comparing numbers is what makes an element cheap.
    private typealias Symbol = Int
    /// The value of a prefix that is not bound.
    private static let unbound = -1
    private static let empty: Symbol = 0
    /// `xml` is never declared.
    private static let xml: Symbol = 1

    /// A prefix or URI, and what it is as a prefix.
    private struct Entry {
        let bytes: [UInt8]
        /// URI bound to it here.
        var inScope: Symbol
        /// URI that the output already has for it here.
        var rendered: Symbol

        init(_ bytes: [UInt8], inScope: Symbol = unbound, rendered: Symbol = unbound) {
            self.bytes = bytes
            self.inScope = inScope
            self.rendered = rendered
        }
    }

    /// What the end of an element puts back.
    private struct Undo {
        let isRendered: Bool
        let prefix: Symbol
        let previous: Symbol
    }

    private let method: CanonicalizationMethod
    private let context: XMLNamespaceContext?
    private let listedPrefixes: [Symbol]
    private var output: CanonicalOutput

    private var symbols: SymbolTable
    /// By their symbols.
    private var entries: [Entry]
    private var undo: [Undo] = []
    /// Length of `undo` before each open element.
    private var frames: [Int] = []
    /// Symbols of the prefixes of names, by the prefixes' numbers.
    private var prefixes: [Symbol] = []
    private var elementIsDone = false

    init(
        _ method: CanonicalizationMethod, inclusivePrefixes: [ExactString],
        context: XMLNamespaceContext?, sink: any ByteSink
    ) {
        self.method = method
        self.context = context
        (symbols, entries, listedPrefixes) = Self.listing(method == .exclusive10 ? inclusivePrefixes : [])
        output = CanonicalOutput(sink: sink)
        // What a letter has: growing step by step would cost more than the writing.
        entries.reserveCapacity(12)
        frames.reserveCapacity(12)
        prefixes.reserveCapacity(8)
        for declaration in context?.namespaces ?? [] {
            let (prefix, uri) = (symbol(of: declaration.prefix), symbol(of: declaration.uri))
            entries[prefix].inScope = uri
        }
    }

    /// What is known before the first element: `xml`, the empty prefix, and those of a PrefixList.
    private static func listing(
        _ prefixes: [ExactString]
    ) -> (symbols: SymbolTable, entries: [Entry], listed: [Symbol]) {
        var symbols = SymbolTable()
        var entries = [Entry([], inScope: empty, rendered: empty), Entry(Array("xml".utf8))]
        var listed: [Symbol] = []
        for prefix in prefixes {
            let name: ExactString = prefix == "#default" ? "" : prefix
            let symbol = symbols[name] ?? entries.count
            if symbol == entries.count {
                symbols.insert(name, as: symbol)
                entries.append(Entry(name.bytes))
            }
            listed.append(symbol)
        }
        return (symbols, entries, listed)
    }

    mutating func finish() {
        output.flush()
    }

    private mutating func symbol(of string: ExactString) -> Symbol {
        if let known = symbols[string] { return known }
        let symbol = entries.count
        symbols.insert(string, as: symbol)
        entries.append(Entry(string.bytes))
        return symbol
    }

    /// The symbol of the name's prefix.
    private mutating func prefix(of name: XMLName) -> Symbol {
        let number = name.prefixNumber
        if number < prefixes.count, prefixes[number] != Self.unbound { return prefixes[number] }
        while prefixes.count <= number { prefixes.append(Self.unbound) }
        let prefix = symbol(of: name.prefix)
        prefixes[number] = prefix
        return prefix
    }

    // MARK: - Events

    mutating func startElement(_ element: XMLStartElement) {
        let isApex = frames.isEmpty && context != nil
        frames.append(undo.count)
        for declaration in element.declarations {
            bind(symbol(of: declaration.prefix), to: symbol(of: declaration.uri))
        }
        output.write(element.name.startTag)
        var attributes = element.attributes
        if isApex, method != .exclusive10, let context {
            attributes = InheritedAttributes.merged(into: attributes, from: context, method: method)
        }
        if method == .exclusive10 {
            renderUsed(
                by: prefix(of: element.name), attributes,
                refreshListed: isApex || !element.declarations.isEmpty)
        } else if isApex {
            render(Array(entries.indices))
        } else if !element.declarations.isEmpty {
            render(element.declarations.map { symbol(of: $0.prefix) })
        }
        if !attributes.isEmpty { write(attributes) }
        output.write(0x3E)
    }

    mutating func endElement(_ name: XMLName) {
        output.write(name.endTag)
        let mark = frames.removeLast()
        while undo.count > mark {
            let last = undo.removeLast()
            if last.isRendered {
                entries[last.prefix].rendered = last.previous
            } else {
                entries[last.prefix].inScope = last.previous
            }
        }
        if frames.isEmpty { elementIsDone = true }
    }

    mutating func text(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe output.writeText($0) }
    }

    mutating func plainText(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe output.write($0) }
    }

    /// Outside of the document's element a line feed stands between it and each instruction.
    mutating func processingInstruction(target: ExactString, data: Span<UInt8>) {
        let isOutside = frames.isEmpty
        if isOutside, elementIsDone { output.write(0x0A) }
        unsafe data.withUnsafeBufferPointer { unsafe output.writeInstruction(target: target.bytes, data: $0) }
        if isOutside, !elementIsDone { output.write(0x0A) }
    }

    // MARK: - Namespaces and attributes

    private mutating func bind(_ prefix: Symbol, to uri: Symbol) {
        undo.append(Undo(isRendered: false, prefix: prefix, previous: entries[prefix].inScope))
        entries[prefix].inScope = uri
    }

    /// Exclusive C14N section 3: what the element and its attributes use visibly, and what PrefixList names.
    private mutating func renderUsed(
        by prefix: Symbol, _ attributes: [XMLAttribute], refreshListed: Bool
    ) {
        var others = refreshListed ? listedPrefixes : []
        for attribute in attributes {
            let used = self.prefix(of: attribute.name)
            if used != Self.xml, used != Self.empty { others.append(used) }
        }
        if !others.isEmpty {
            render(prefix == Self.xml ? others : [prefix] + others)
        } else if prefix != Self.xml, declares(prefix) {
            // One prefix, nothing to sort: nearly every element of a letter.
            write(prefix)
        }
    }

    /// Writes the declarations among `prefixes` that the output does not have yet, sorted by prefix.
    private mutating func render(_ prefixes: [Symbol]) {
        var missing: [Symbol] = []
        for prefix in prefixes where declares(prefix) { missing.append(prefix) }
        if missing.count > 1 {
            missing.sort { entries[$0].bytes.lexicographicallyPrecedes(entries[$1].bytes) }
        }
        for prefix in missing { write(prefix) }
    }

    /// Whether the output lacks the prefix as it is bound here; from then on it counts as written.
    private mutating func declares(_ prefix: Symbol) -> Bool {
        let (inScope, rendered) = (entries[prefix].inScope, entries[prefix].rendered)
        guard inScope != Self.unbound, rendered != inScope else { return false }
        undo.append(Undo(isRendered: true, prefix: prefix, previous: rendered))
        entries[prefix].rendered = inScope
        return true
    }

    /// The declaration of a prefix.
    private mutating func write(_ prefix: Symbol) {
        output.write(" xmlns")
        if prefix != Self.empty {
            output.write(0x3A)
            output.write(entries[prefix].bytes)
        }
        output.write("=\"")
        output.writeAttributeValue(entries[entries[prefix].inScope].bytes)
        output.write(0x22)
    }

    /// Sorted by namespace URI and then by local name, those without a namespace first.
    private mutating func write(_ attributes: [XMLAttribute]) {
        var sorted = attributes
        if sorted.count > 1 {
            sorted.sort { left, right in
                left.name.namespace == right.name.namespace
                    ? left.name.local < right.name.local : left.name.namespace < right.name.namespace
            }
        }
        for attribute in sorted {
            output.write(0x20)
            output.write(attribute.name.qualified)
            output.write("=\"")
            output.writeAttributeValue(attribute.value)
            output.write(0x22)
        }
    }
}
