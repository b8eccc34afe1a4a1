internal import CLibXML2
internal import Exchange

/// Names by the addresses of libxml2's interned strings, so that an element seen before costs one look-up
/// and no String.
///
/// A table of its own and not a Dictionary, whose keyed hash costs more than all else that is done for an
/// element. Where an address comes to lie is not for the document to choose.
struct NameTable {
    private struct Entry {
        let local: UInt
        let prefix: UInt
        let namespace: UInt
        let name: XMLName
        /// The last document that had it.
        var document: UInt32
    }

    /// A power of two, at most half full.
    private var slots: [Int32] = []
    private var entries: [Entry] = []
    private var strings: [UInt: ExactString] = [:]
    /// Of the names' prefixes.
    private var prefixNumbers: [UInt: Int] = [:]
    /// What `string` was asked for last and before that: a name's prefix and its namespace.
    private var recent: (address: UInt, string: ExactString) = (0, "")
    private var earlier: (address: UInt, string: ExactString) = (0, "")
    private var document: UInt32 = 0
    /// Distinct names of the document so far.
    private(set) var documentCount = 0

    /// Names held, of all documents.
    var count: Int { entries.count }

    /// From now on a name is new once more when it comes for the first time.
    mutating func beginDocument() {
        document += 1
        documentCount = 0
    }

    /// All three pointers must come from the dictionary that this table belongs to: equality of names is
    /// equality of addresses.
    ///
    /// - Returns: the name, and whether this document did not have it before.
    mutating func name(
        local: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?
    ) -> (name: XMLName, isNew: Bool) {
        let (first, second, third) = (
            UInt(bitPattern: local), UInt(bitPattern: prefix), UInt(bitPattern: namespace)
        )
        if entries.count * 2 >= slots.count { grow() }
        var slot = self.slot(first, second, third)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if entries[index].local == first, entries[index].prefix == second,
                entries[index].namespace == third
            {
                if entries[index].document == document { return (entries[index].name, false) }
                entries[index].document = document
                documentCount += 1
                return (entries[index].name, true)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        let prefixNumber = prefixNumbers[second] ?? prefixNumbers.count
        prefixNumbers[second] = prefixNumber
        let name = unsafe XMLName(
            prefixNumber: prefixNumber, prefix: string(prefix), local: Self.copy(local),
            namespace: string(namespace))
        slots[slot] = Int32(entries.count)
        entries.append(
            Entry(local: first, prefix: second, namespace: third, name: name, document: document))
        documentCount += 1
        return (name, true)
    }

    private func slot(_ local: UInt, _ prefix: UInt, _ namespace: UInt) -> Int {
        let mixed = (local ^ prefix &* 31 ^ namespace &* 961) &* 0x9E37_79B9_7F4A_7C15
        return Int(mixed >> 32) & (slots.count - 1)
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: max(256, slots.count * 2))
        for (index, entry) in entries.enumerated() {
            var slot = self.slot(entry.local, entry.prefix, entry.namespace)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    /// One copy per string: a long namespace is not held once for each name in it.
    mutating func string(_ pointer: UnsafePointer<xmlChar>?) -> ExactString {
        guard let pointer = unsafe pointer else { return "" }
        let address = UInt(bitPattern: pointer)
        if recent.address == address { return recent.string }
        if earlier.address == address {
            swap(&recent, &earlier)
            return recent.string
        }
        let string = strings[address] ?? (unsafe Self.copy(pointer))
        strings[address] = string
        earlier = recent
        recent = (address, string)
        return string
    }

    private static func copy(_ pointer: UnsafePointer<xmlChar>?) -> ExactString {
        guard let pointer = unsafe pointer else { return "" }
        let bytes = unsafe UnsafeBufferPointer(start: pointer, count: Int(xmlStrlen(pointer)))
        return unsafe ExactString(String(decoding: SAXCallbacks.value(bytes), as: UTF8.self))
    }
}
