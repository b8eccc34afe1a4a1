package import Exchange
package import JSON

/// An agency as JSON: the one form in which directory files, the API and the command line have it.
extension Agency {
    /// What every participant may know of another.
    package func writePublic(into object: inout JSONWriter) {
        object.member("code", code)
        object.member("name", name)
        object.name("aliases")
        object.array(aliases) { $0.string($1.string) }
        if let parent { object.member("parent", parent) }
        object.member("level", level)
        object.member("status", status.rawValue)
        if let effectiveFrom { object.member("effectiveFrom", effectiveFrom.directoryText) }
        if let effectiveTo { object.member("effectiveTo", effectiveTo.directoryText) }
        if let successor { object.member("successor", successor) }
        guard contact != Contact() else { return }
        object.name("contact")
        object.object { object in
            if !contact.email.isEmpty { object.member("email", contact.email) }
            if !contact.telephone.isEmpty { object.member("telephone", contact.telephone) }
            if !contact.address.isEmpty { object.member("address", contact.address) }
        }
    }

    /// Everything, as a directory file has it; certificates as fingerprints.
    package func write(into object: inout JSONWriter) {
        writePublic(into: &object)
        object.name("transportCertificates")
        object.array(transportCertificates) { $0.string("sha256:\($1.hex)") }
        object.name("signingCertificates")
        object.array(signingCertificates) { $0.string("sha256:\($1.hex)") }
        object.member("signaturePolicy", signaturePolicy.rawValue)
        object.member("unknownRevocation", optional: unknownRevocation?.rawValue)
        guard !actsFor.isEmpty else { return }
        object.name("actsFor")
        object.array(actsFor) { writer, right in
            writer.object { object in
                object.member("agency", right.agency)
                object.member("until", right.until.directoryText)
            }
        }
    }
}

extension Instant {
    /// A day where it is the beginning of one in Vietnam, else RFC 3339.
    fileprivate var directoryText: String { Instant(isoDate: isoDate) == self ? isoDate : rfc3339 }
}
