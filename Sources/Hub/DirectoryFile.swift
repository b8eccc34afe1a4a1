package import Exchange
internal import JSON

/// Why a directory file is refused; the line is the file's.
package struct DirectoryFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package let line: Int
    /// Vietnamese.
    package let detail: String

    package var description: String { "dòng \(line): \(detail)" }
}

/// Reads `agencies.json5`: agencies and principals with their certificates.
package struct DirectoryFile: Sendable {
    package let agencies: [Agency]
    package let principals: [Principal]

    /// - Parameter certificate: gives the SHA-256 of the DER of the certificate in a PEM file, which is
    ///   named relative to the directory file; throws its own text where it can't.
    package init(
        _ bytes: [UInt8], certificate: (_ path: String) throws(CertificateFileError) -> Digest256
    ) throws(DirectoryFileError) {
        let root: JSONValue
        do {
            root = try JSONReader.read(bytes, dialect: .json5)
        } catch {
            throw DirectoryFileError(line: error.line, detail: error.message)
        }
        try Self.checkKeys(of: root, allowed: ["agencies", "principals"])
        var agencies: [Agency] = []
        for value in try Self.list(root, "agencies") {
            agencies.append(try Self.agency(value, certificate: certificate))
        }
        var principals: [Principal] = []
        for value in try Self.list(root, "principals") {
            principals.append(try Self.principal(value, certificate: certificate))
        }
        try Self.checkCodes(agencies, root)
        self.agencies = agencies
        self.principals = principals
    }

    private static let agencyKeys: Set<String> = [
        "code", "name", "aliases", "parent", "level", "status", "transportCertificates",
        "signingCertificates", "signaturePolicy", "unknownRevocation", "effectiveFrom", "effectiveTo",
        "successor", "contact", "actsFor",
    ]

    private static func agency(
        _ value: JSONValue, certificate: (String) throws(CertificateFileError) -> Digest256
    ) throws(DirectoryFileError) -> Agency {
        try checkKeys(of: value, allowed: agencyKeys)
        let code = try text(value, "code")
        guard !code.isEmpty, code.utf8.count <= 64 else {
            throw DirectoryFileError(line: value.line, detail: "\"code\" phải có từ 1 đến 64 byte")
        }
        var agency = Agency(code: AgencyCode(code), name: try text(value, "name"))
        for alias in try list(value, "aliases") {
            agency.aliases.append(AgencyCode(try text(alias, in: "aliases")))
        }
        if let parent = value["parent"], !parent.isNull {
            agency.parent = AgencyCode(try text(parent, in: "parent"))
        }
        if let level = value["level"] {
            guard let number = level.integer, (0...9).contains(number) else {
                throw DirectoryFileError(line: level.line, detail: "\"level\" phải là số nguyên từ 0 đến 9")
            }
            agency.level = Int(number)
        }
        if let status = value["status"] { agency.status = try choice(status, "status") }
        if let policy = value["signaturePolicy"] {
            agency.signaturePolicy = try choice(policy, "signaturePolicy")
        }
        if let policy = value["unknownRevocation"], !policy.isNull {
            agency.unknownRevocation = try choice(policy, "unknownRevocation")
        }
        agency.transportCertificates = try certificates(value, "transportCertificates", certificate)
        agency.signingCertificates = try certificates(value, "signingCertificates", certificate)
        try readTerms(of: &agency, value)
        return agency
    }

    /// Since when, until when, who follows, whom to call, for whom it may send.
    private static func readTerms(of agency: inout Agency, _ value: JSONValue) throws(DirectoryFileError) {
        agency.effectiveFrom = try date(value, "effectiveFrom")
        agency.effectiveTo = try date(value, "effectiveTo")
        if let successor = value["successor"], !successor.isNull {
            agency.successor = AgencyCode(try text(successor, in: "successor"))
        }
        if let contact = value["contact"] {
            try checkKeys(of: contact, allowed: ["email", "telephone", "address"])
            if let email = contact["email"] { agency.contact.email = try text(email, in: "email") }
            if let telephone = contact["telephone"] {
                agency.contact.telephone = try text(telephone, in: "telephone")
            }
            if let address = contact["address"] { agency.contact.address = try text(address, in: "address") }
        }
        for right in try list(value, "actsFor") {
            try checkKeys(of: right, allowed: ["agency", "until"])
            guard let until = try date(right, "until") else {
                throw DirectoryFileError(
                    line: right.line, detail: "quyền gửi thay cần ngày hết hạn \"until\"")
            }
            agency.actsFor.append(
                Agency.ActingRight(agency: AgencyCode(try text(right, "agency")), until: until))
        }
    }

    /// A day in Vietnam, `2026-07-01`, or a moment in RFC 3339; nil where it is not stated.
    private static func date(_ value: JSONValue, _ name: String) throws(DirectoryFileError) -> Instant? {
        guard let member = value[name], !member.isNull else { return nil }
        let text = try text(member, in: name)
        guard let instant = Instant(isoDate: text) ?? Instant(rfc3339: text) else {
            throw DirectoryFileError(
                line: member.line, detail: "\"\(name)\" phải là ngày dạng 2026-07-01")
        }
        return instant
    }

    private static func principal(
        _ value: JSONValue, certificate: (String) throws(CertificateFileError) -> Digest256
    ) throws(DirectoryFileError) -> Principal {
        try checkKeys(of: value, allowed: ["name", "role", "certificates"])
        guard let role = value["role"] else {
            throw DirectoryFileError(line: value.line, detail: "thiếu \"role\"")
        }
        return Principal(
            name: try text(value, "name"), role: try choice(role, "role"),
            certificates: try certificates(value, "certificates", certificate))
    }

    private static func certificates(
        _ value: JSONValue, _ name: String, _ certificate: (String) throws(CertificateFileError) -> Digest256
    ) throws(DirectoryFileError) -> [Digest256] {
        var digests: [Digest256] = []
        for item in try list(value, name) {
            let named = try text(item, in: name)
            if named.hasPrefix("sha256:") {
                guard let digest = Digest256(hex: named.dropFirst(7)) else {
                    throw DirectoryFileError(
                        line: item.line, detail: "\"\(named)\" không phải vân tay SHA-256")
                }
                digests.append(digest)
                continue
            }
            do {
                digests.append(try certificate(named))
            } catch {
                throw DirectoryFileError(line: item.line, detail: "\(named): \(error.detail)")
            }
        }
        return digests
    }

    /// One code, one agency: two rows that answer to one code would make routing a matter of luck. The
    /// further codes of a retired one may pass to others.
    private static func checkCodes(_ agencies: [Agency], _ root: JSONValue) throws(DirectoryFileError) {
        var owner: [AgencyCode: AgencyCode] = [:]
        let lines = root["agencies"]?.array?.map(\.line) ?? []
        for (agency, line) in zip(agencies, lines) {
            for code in agency.claimedCodes {
                if let other = owner[code] {
                    throw DirectoryFileError(line: line, detail: "mã \(code) đã thuộc cơ quan \(other)")
                }
                owner[code] = agency.code
            }
        }
    }

    private static func checkKeys(of value: JSONValue, allowed: Set<String>) throws(DirectoryFileError) {
        guard let members = value.object else {
            throw DirectoryFileError(line: value.line, detail: "cần một đối tượng { … }")
        }
        for member in members where !allowed.contains(member.name) {
            throw DirectoryFileError(line: member.line, detail: "không có khóa \"\(member.name)\"")
        }
    }

    private static func list(_ value: JSONValue, _ name: String) throws(DirectoryFileError) -> [JSONValue] {
        guard let member = value[name] else { return [] }
        guard let values = member.array else {
            throw DirectoryFileError(line: member.line, detail: "\"\(name)\" phải là danh sách [ … ]")
        }
        return values
    }

    private static func text(_ value: JSONValue, _ name: String) throws(DirectoryFileError) -> String {
        guard let member = value[name] else {
            throw DirectoryFileError(line: value.line, detail: "thiếu \"\(name)\"")
        }
        return try text(member, in: name)
    }

    private static func text(_ value: JSONValue, in name: String) throws(DirectoryFileError) -> String {
        guard let text = value.string else {
            throw DirectoryFileError(line: value.line, detail: "\"\(name)\" phải là chuỗi")
        }
        return text
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ value: JSONValue, _ name: String
    ) throws(DirectoryFileError) -> Choice {
        guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw DirectoryFileError(line: value.line, detail: "\"\(name)\" phải là một trong: \(allowed)")
        }
        return choice
    }
}

/// Why a certificate named in a directory file can't be used.
package struct CertificateFileError: Error, Sendable {
    /// Vietnamese.
    package let detail: String

    package init(_ detail: String) {
        self.detail = detail
    }
}
