internal import Exchange
internal import OpenSSL

/// A SignedData with one signer, RFC 5652, held to DER and to a profile. Reading verifies no signature.
struct CMSMessage {
    static let bytesMax = 4 << 20
    static let certificatesMax = 16

    enum SignerName: Equatable {
        /// Whole DER of the issuer's name; magnitude of the serial number.
        case issuerAndSerial(issuer: [UInt8], serial: [UInt8])
        case subjectKeyIdentifier([UInt8])
    }

    /// What stands inside; nil for a detached signature.
    let content: [UInt8]?
    let certificates: [[UInt8]]
    /// The `crls` field: items as they stand there, and what they say.
    let revocationItems: [[UInt8]]
    let revocation: RevocationValues
    let signer: SignerName
    let digest: DigestAlgorithm
    let algorithm: SignatureAlgorithm
    let attributes: CMSSignedAttributes
    /// The attributes as they were signed: DER of a SET.
    let signedBytes: [UInt8]
    let signature: [UInt8]
    /// SignerInfo from its version to its signature, as an archive timestamp covers it.
    let signerFields: [UInt8]
    let unsigned: CMSUnsignedAttributes

    init(_ der: [UInt8], as profile: CMSProfile) throws(SignatureReason) {
        guard der.count <= Self.bytesMax else { throw SignatureReason(.cmsTooLarge, "\(der.count)") }
        do {
            try Self.checkEncoding(der)
            var reader = DERReader(der)
            var info = try reader.sequence()
            guard try info.objectIdentifier() == CMSObject.signedData else { throw DERReader.Fault.malformed }
            var wrapper = try info.sequence(DERReader.Tag.context(0))
            try info.finish()
            var data = try wrapper.sequence()
            try wrapper.finish()
            let version = try data.integer()
            let digests = try Self.digests(try data.sequence(DERReader.Tag.set))
            content = try Self.content(try data.sequence(), as: profile)
            certificates = try Self.certificates(&data)
            revocationItems = try Self.revocationItems(&data)
            revocation = try RevocationValues(cms: revocationItems)
            var signers = try data.sequence(DERReader.Tag.set)
            try data.finish()
            guard !signers.isAtEnd else { throw SignatureReason(.cmsNoSigner) }
            var signer = try signers.sequence()
            guard signers.isAtEnd else { throw SignatureReason(.cmsManySigners) }
            let start = signer.position
            self.signer = try Self.name(&signer)
            // RFC 5652 section 5.1: 3 where a signer is named by key or the content is no data, 5 where the
            // revocation data is not CRLs.
            let isPlain = if case .issuerAndSerial = self.signer { content == nil } else { false }
            guard version == (isPlain ? 1 : 3) || !revocationItems.isEmpty && version == 5 else {
                throw DERReader.Fault.malformed
            }
            let named = try CMSAlgorithms.read(&signer)
            digest = try CMSAlgorithms.digest(named)
            guard digests.contains(named.object) else { throw SignatureReason(.cmsAlgorithmsDiffer) }
            guard let signed = try signer.optional(DERReader.Tag.context(0)) else {
                throw SignatureReason(.cmsAttributesMissing)
            }
            attributes = try CMSSignedAttributes(signer.inside(signed), contentType: profile.contentType)
            // RFC 5652 section 5.4: signed as a SET, whatever tag they carry in the message.
            var set = signer.slice(signed.whole)
            set[0] = DERReader.Tag.set
            signedBytes = set
            algorithm = try CMSAlgorithms.signature(try CMSAlgorithms.read(&signer), digest: digest)
            signature = try signer.octetString()
            signerFields = signer.slice(start..<signer.position)
            unsigned = try CMSUnsignedAttributes(&signer, as: profile)
            try signer.finish()
        } catch let reason as SignatureReason {
            throw reason
        } catch {
            throw SignatureReason(.cmsMalformed)
        }
    }

    static func checkEncoding(_ der: [UInt8]) throws(SignatureReason) {
        do {
            var reader = DERReader(der)
            _ = try reader.next(DERReader.Tag.sequence)
            guard reader.isAtEnd else { throw SignatureReason(.cmsTrailingData) }
            try DERReader.check(der)
        } catch DERReader.Fault.notDER {
            throw SignatureReason(.cmsNotDER)
        } catch let reason as SignatureReason {
            throw reason
        } catch {
            throw SignatureReason(.cmsMalformed)
        }
    }

    private static func digests(_ reader: DERReader) throws(DERReader.Fault) -> [[UInt8]] {
        var reader = reader
        var objects: [[UInt8]] = []
        while !reader.isAtEnd { objects.append(try CMSAlgorithms.read(&reader).object) }
        return objects
    }

    private static func content(_ reader: DERReader, as profile: CMSProfile) throws -> [UInt8]? {
        var reader = reader
        guard try reader.objectIdentifier() == profile.contentType else {
            throw SignatureReason(.cmsContentType)
        }
        guard case .timestamp = profile else {
            // A content inside would be what the signature is about, and nobody would look at it.
            guard reader.isAtEnd else { throw SignatureReason(.cmsContentEmbedded) }
            return nil
        }
        var wrapper = try reader.sequence(DERReader.Tag.context(0))
        try reader.finish()
        let content = try wrapper.octetString()
        try wrapper.finish()
        return content
    }

    private static func certificates(_ data: inout DERReader) throws -> [[UInt8]] {
        guard let set = try data.optional(DERReader.Tag.context(0)) else { return [] }
        var reader = data.inside(set)
        var found: [[UInt8]] = []
        while !reader.isAtEnd {
            guard found.count < certificatesMax else { throw SignatureReason(.tooManyCertificates) }
            // Attribute certificates and their like have context tags, and no place here.
            found.append(reader.slice(try reader.next(DERReader.Tag.sequence).whole))
        }
        return found
    }

    private static func revocationItems(_ data: inout DERReader) throws -> [[UInt8]] {
        guard let set = try data.optional(DERReader.Tag.context(1)) else { return [] }
        var reader = data.inside(set)
        var found: [[UInt8]] = []
        while !reader.isAtEnd { found.append(reader.slice(try reader.next().whole)) }
        return found
    }

    private static func name(_ signer: inout DERReader) throws(DERReader.Fault) -> SignerName {
        let version = try signer.integer()
        if let key = try signer.optional(DERReader.Tag.contextPrimitive(0)) {
            guard version == 3 else { throw .malformed }
            return .subjectKeyIdentifier(signer.slice(key.content))
        }
        guard version == 1 else { throw .malformed }
        var name = try signer.sequence()
        let issuer = name.slice(try name.next(DERReader.Tag.sequence).whole)
        let serial = name.slice(try name.next(DERReader.Tag.integer).content)
        try name.finish()
        return .issuerAndSerial(issuer: issuer, serial: Array(serial.drop { $0 == 0 }))
    }

    /// Whether `certificate` is the one that the message names as its signer's.
    func names(_ certificate: Certificate) -> Bool {
        switch signer {
        case .issuerAndSerial(let issuer, let serial):
            certificate.issuerDER == issuer && Array(certificate.serial.drop { $0 == 0 }) == serial
        case .subjectKeyIdentifier(let identifier):
            !identifier.isEmpty && certificate.subjectKeyIdentifier == identifier
        }
    }
}
