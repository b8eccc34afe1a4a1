internal import OpenSSL

extension SignerRole {
    /// Found once for each certificate and noted there.
    static func of(_ certificate: Certificate) -> Self {
        let noted = Int(certificate.note)
        if noted > 0, noted <= allCases.count { return allCases[noted - 1] }
        let role = SignerRole(of: certificate)
        certificate.note = UInt8((allCases.firstIndex(of: role) ?? 0) + 1)
        return role
    }

    /// What the authority stated about the certificate (QcType, ETSI EN 319 412-5, 4.2.3); else what its
    /// subject tells: a person's marks make it a leader's, an organisation's alone an agency's seal; a
    /// person in an organisation has both. A name in free text tells nothing, however much it sounds like an
    /// office.
    private init(of certificate: Certificate) {
        switch CertificateType(of: certificate) {
        case .electronicSignature:
            self = .leader
            return
        case .electronicSeal:
            self = .seal
            return
        case nil: break
        }
        let attributes = SubjectAttribute.all(in: certificate.subjectDER)
        let isPerson = attributes.contains { $0.marksPerson }
        let organisation = attributes.first { $0.type == SubjectAttribute.organizationName }?.value
        let isOrganisation = attributes.contains { attribute in
            attribute.marksOrganisation
                // The public CAs of Vietnam repeat an organisation's name as its common name.
                || attribute.type == SubjectAttribute.commonName && attribute.value == organisation
        }
        self = isPerson ? .leader : isOrganisation ? .seal : .unknown
    }
}

/// One attribute of a distinguished name, as bytes.
private struct SubjectAttribute {
    static let commonName: [UInt8] = [0x55, 0x04, 0x03]
    static let surname: [UInt8] = [0x55, 0x04, 0x04]
    static let serialNumber: [UInt8] = [0x55, 0x04, 0x05]
    static let organizationName: [UInt8] = [0x55, 0x04, 0x0A]
    static let title: [UInt8] = [0x55, 0x04, 0x0C]
    static let givenName: [UInt8] = [0x55, 0x04, 0x2A]
    static let pseudonym: [UInt8] = [0x55, 0x04, 0x41]
    /// 2.5.4.97, ETSI EN 319 412-1 section 5.1.4.
    static let organizationIdentifier: [UInt8] = [0x55, 0x04, 0x61]
    /// 0.9.2342.19200300.100.1.1, where the public CAs of Vietnam put tax codes and identity card numbers.
    static let userIdentifier: [UInt8] = [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x01]

    /// Identity card, passport, personal number; ETSI EN 319 412-1 section 5.1.3 for the last three.
    private static let personPrefixes = ["CMND:", "CCCD:", "CC:", "HC:", "PAS", "IDC", "PNO"]
    /// Tax code, budget code, decision of establishment.
    private static let organisationPrefixes = ["MST:", "MNS:", "QD:", "QĐ:"]

    let type: [UInt8]
    let value: [UInt8]

    static func all(in name: [UInt8]) -> [SubjectAttribute] {
        var found: [SubjectAttribute] = []
        do {
            var outer = DERReader(name)
            var sets = try outer.sequence()
            while !sets.isAtEnd {
                var set = try sets.sequence(DERReader.Tag.set)
                while !set.isAtEnd {
                    var attribute = try set.sequence()
                    let type = try attribute.objectIdentifier()
                    found.append(
                        SubjectAttribute(type: type, value: attribute.slice(try attribute.next().content)))
                }
            }
        } catch {
            // A name that cannot be read tells nothing.
            return []
        }
        return found
    }

    var marksPerson: Bool {
        switch type {
        case Self.surname, Self.givenName, Self.title, Self.pseudonym: true
        case Self.userIdentifier, Self.serialNumber: starts(with: Self.personPrefixes)
        default: false
        }
    }

    var marksOrganisation: Bool {
        switch type {
        case Self.organizationIdentifier: true
        case Self.userIdentifier: starts(with: Self.organisationPrefixes)
        default: false
        }
    }

    private func starts(with prefixes: [String]) -> Bool {
        prefixes.contains { value.starts(with: $0.utf8) }
    }
}
