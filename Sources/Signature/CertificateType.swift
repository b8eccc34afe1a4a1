internal import OpenSSL

/// What the authority says a certificate is for: the QcType statements of ETSI EN 319 412-5 section 4.2.3.
enum CertificateType {
    case electronicSignature
    case electronicSeal

    /// 1.3.6.1.5.5.7.1.3
    private static let statements: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x03]
    /// 0.4.0.1862.1.6; the types are its arcs.
    private static let statement: [UInt8] = [0x04, 0x00, 0x8E, 0x46, 0x01, 0x06]

    /// Nil where nothing is said, where it cannot be read, and where one certificate is for both.
    init?(of certificate: Certificate) {
        guard let types = try? Self.types(in: certificate.der) else { return nil }
        switch (types.contains(Self.statement + [1]), types.contains(Self.statement + [2])) {
        case (true, false): self = .electronicSignature
        case (false, true): self = .electronicSeal
        default: return nil
        }
    }

    private static func types(in certificate: [UInt8]) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        guard var list = try extensionValue(statements, in: certificate) else { return found }
        while !list.isAtEnd {
            var entry = try list.sequence()
            guard try entry.objectIdentifier() == statement else { continue }
            var types = try entry.sequence()
            while !types.isAtEnd { found.append(try types.objectIdentifier()) }
        }
        return found
    }

    /// Inside of the SEQUENCE that is the value of an extension.
    private static func extensionValue(_ type: [UInt8], in certificate: [UInt8]) throws -> DERReader? {
        var outer = DERReader(certificate)
        var whole = try outer.sequence()
        var body = try whole.sequence()
        while !body.isAtEnd {
            let element = try body.next()
            guard element.tag == DERReader.Tag.context(3) else { continue }
            var wrapped = body.inside(element)
            var extensions = try wrapped.sequence()
            while !extensions.isAtEnd {
                var one = try extensions.sequence()
                guard try one.objectIdentifier() == type else { continue }
                _ = try one.optional(DERReader.Tag.boolean)
                var value = DERReader(try one.octetString())
                return try value.sequence()
            }
        }
        return nil
    }
}
