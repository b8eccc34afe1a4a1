internal import CLibXML2
internal import Exchange

/// Names by the addresses of libxml2's interned strings, so that an element seen before costs one look-up
/// and no String.
struct NameTable {
    struct Key: Hashable {
        let local: UInt
        let prefix: UInt
        let namespace: UInt

        func hash(into hasher: inout Hasher) {
            hasher.combine(local ^ prefix &* 31 ^ namespace &* 961)
        }
    }

    private var names: [Key: XMLName] = [:]
    private var strings: [UInt: ExactString] = [:]

    var count: Int { names.count }

    /// All three pointers must come from the dictionary of the parser that this table belongs to: equality
    /// of names is equality of addresses.
    mutating func name(
        local: UnsafePointer<xmlChar>?, prefix: UnsafePointer<xmlChar>?, namespace: UnsafePointer<xmlChar>?
    ) -> XMLName {
        let key = Key(
            local: UInt(bitPattern: local), prefix: UInt(bitPattern: prefix),
            namespace: UInt(bitPattern: namespace))
        if let known = names[key] { return known }
        let name = unsafe XMLName(
            number: names.count, prefix: string(prefix), local: string(local), namespace: string(namespace))
        names[key] = name
        return name
    }

    /// One copy per string: a long namespace is not held once for each name in it.
    mutating func string(_ pointer: UnsafePointer<xmlChar>?) -> ExactString {
        guard let pointer = unsafe pointer else { return "" }
        let address = UInt(bitPattern: pointer)
        if let known = strings[address] { return known }
        let bytes = unsafe UnsafeBufferPointer(start: pointer, count: Int(xmlStrlen(pointer)))
        let string = unsafe ExactString(String(decoding: bytes, as: UTF8.self))
        strings[address] = string
        return string
    }
}
