internal import OpenSSL

/// CRLs and OCSP responses that came with a signature, still as bytes. Nothing of it is believed before it
/// is judged like configured data.
struct RevocationValues: Sendable {
    static let itemsMax = 64

    private(set) var lists: [[UInt8]] = []
    /// OCSPResponse, whole.
    private(set) var responses: [[UInt8]] = []
    /// BasicOCSPResponse, as CAdES keeps them.
    private(set) var basicResponses: [[UInt8]] = []

    init() {}

    var isEmpty: Bool { lists.isEmpty && responses.isEmpty && basicResponses.isEmpty }

    /// RevocationInfoChoices of a SignedData, RFC 5652 section 10.2.1, with OCSP as RFC 5940 has it.
    init(cms items: [[UInt8]]) throws {
        for item in items {
            var reader = DERReader(item)
            if reader.nextTag == DERReader.Tag.sequence {
                try add(list: item)
                continue
            }
            var other = try reader.sequence(DERReader.Tag.context(1))
            let format = try other.objectIdentifier()
            let value = other.slice(try other.next().whole)
            try other.finish()
            switch format {
            case CMSObject.ocspResponse: try add(response: value)
            case CMSObject.basicOCSPResponse: try add(basicResponse: value)
            // What we cannot read is no evidence; it takes nothing away either.
            default: break
            }
        }
    }

    /// RevocationValues, EN 319 122-1 section 5.4.2: `[0]` CRLs, `[1]` basic OCSP responses, `[2]` others.
    mutating func take(revocationValues der: [UInt8]) throws {
        try take(der) { (values, item) throws in try values.add(basicResponse: item) }
    }

    /// RevocationInfoArchival, ISO 32000-1 section 12.8.3.3.2: the same, with whole OCSP responses.
    mutating func take(revocationInfoArchival der: [UInt8]) throws {
        try take(der) { (values, item) throws in try values.add(response: item) }
    }

    private mutating func take(
        _ der: [UInt8], response: (inout RevocationValues, [UInt8]) throws -> Void
    ) throws {
        var outer = DERReader(der)
        var reader = try outer.sequence()
        try outer.finish()
        if let wrapper = try reader.optional(DERReader.Tag.context(0)) {
            for item in try Self.items(reader.inside(wrapper)) { try add(list: item) }
        }
        if let wrapper = try reader.optional(DERReader.Tag.context(1)) {
            for item in try Self.items(reader.inside(wrapper)) { try response(&self, item) }
        }
        _ = try reader.optional(DERReader.Tag.context(2))
        try reader.finish()
    }

    private static func items(_ wrapper: DERReader) throws -> [[UInt8]] {
        var wrapper = wrapper
        var list = try wrapper.sequence()
        try wrapper.finish()
        var items: [[UInt8]] = []
        while !list.isAtEnd { items.append(list.slice(try list.next(DERReader.Tag.sequence).whole)) }
        return items
    }

    mutating func add(list: [UInt8]) throws(SignatureReason) {
        lists.append(list)
        try checkCount()
    }

    mutating func add(response: [UInt8]) throws(SignatureReason) {
        responses.append(response)
        try checkCount()
    }

    mutating func add(basicResponse: [UInt8]) throws(SignatureReason) {
        basicResponses.append(basicResponse)
        try checkCount()
    }

    mutating func add(_ other: RevocationValues) throws(SignatureReason) {
        lists += other.lists
        responses += other.responses
        basicResponses += other.basicResponses
        try checkCount()
    }

    private func checkCount() throws(SignatureReason) {
        guard lists.count + responses.count + basicResponses.count <= Self.itemsMax else {
            throw SignatureReason(.tooManyRevocationItems)
        }
    }

    /// Parsed; nil in place of what cannot be read.
    func parsed() -> (data: RevocationData, unreadable: Int) {
        let lists = self.lists.map { try? CertificateList(der: $0) }
        let responses =
            self.responses.map { try? OCSPResponse(der: $0) }
            + basicResponses.map { try? OCSPResponse(basicDER: $0) }
        let data = RevocationData(lists: lists.compactMap(\.self), responses: responses.compactMap(\.self))
        return (data, lists.count { $0 == nil } + responses.count { $0 == nil })
    }
}
