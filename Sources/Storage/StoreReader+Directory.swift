internal import AuditLog
internal import Database
package import Exchange

/// A certificate that the directory binds to an agency, whole.
package struct RegisteredCertificate: Sendable, Equatable {
    package let agency: AgencyCode
    package let use: CertificateUse
    package let der: [UInt8]
}

extension StoreReader {
    /// Every agency ordered by code, and every principal, as of one commit.
    package func directory() throws(StorageError) -> StoredDirectory {
        try read { reader throws(DatabaseError) in
            try reader.reading { reader throws(DatabaseError) in
                StoredDirectory(
                    agencies: try Self.agencies(reader), principals: try Self.principals(reader))
            }
        }
    }

    /// Registered certificates whose DER is known, each with the agencies that it is registered for.
    package func registeredCertificates() throws(StorageError) -> [RegisteredCertificate] {
        try read { reader throws(DatabaseError) in
            try reader.connection.prepare(
                """
                SELECT agencies.code, certificates.use, known_certificates.der FROM known_certificates
                JOIN certificates USING (sha256) JOIN agencies ON agencies.id = certificates.agency
                ORDER BY agencies.code, certificates.use, sha256
                """
            ).all { row in
                CertificateUse(rawValue: row.text(1)).map { use in
                    RegisteredCertificate(agency: ExactString(row.text(0)), use: use, der: row.bytes(2))
                }
            }.compactMap { $0 }
        }
    }

    private static func agencies(_ reader: ReaderConnection) throws(DatabaseError) -> [Agency] {
        var aliases: [Int64: [AgencyCode]] = [:]
        for (id, code) in try reader.connection.prepare(
            "SELECT agency, code FROM aliases ORDER BY agency, position"
        )
        .all({ ($0.integer(0), ExactString($0.text(1))) }) {
            aliases[id, default: []].append(code)
        }
        var certificates: [Int64: [(use: String, sha256: Digest256)]] = [:]
        for (id, use, sha256) in try reader.connection.prepare(
            "SELECT agency, use, sha256 FROM certificates ORDER BY agency, use, sha256"
        ).all({ ($0.integer(0), $0.text(1), $0.digest(2)) }) {
            if let sha256 { certificates[id, default: []].append((use, sha256)) }
        }
        var rights: [Int64: [Agency.ActingRight]] = [:]
        for (id, right) in try reader.connection.prepare(
            "SELECT agency, for_code, until FROM acting_rights ORDER BY agency, for_code"
        ).all({
            (
                $0.integer(0),
                Agency.ActingRight(
                    agency: ExactString($0.text(1)), until: Instant(milliseconds: $0.integer(2)))
            )
        }) { rights[id, default: []].append(right) }
        let select = try reader.connection.prepare(
            """
            SELECT id, code, name, parent, level, status, policy, unknown_revocation, effective_from,
            effective_to, successor, email, telephone, address FROM agencies
            WHERE status IS NOT NULL ORDER BY code
            """
        )
        return try select.all { row in
            let id = row.integer(0)
            let bound = certificates[id] ?? []
            var agency = Agency(
                code: ExactString(row.text(1)), name: row.text(2), aliases: aliases[id] ?? [],
                parent: row.optionalText(3).map { ExactString($0) }, level: Int(row.integer(4)),
                // An unknown word is of a later release; the strictest reading of it is the safe one.
                status: Agency.Status(rawValue: row.text(5)) ?? .locked,
                transportCertificates: bound.filter { $0.use == CertificateUse.transport.rawValue }.map(
                    \.sha256),
                signingCertificates: bound.filter { $0.use == CertificateUse.signing.rawValue }.map(\.sha256),
                signaturePolicy: Agency.SignaturePolicy(rawValue: row.text(6)) ?? .enforce,
                unknownRevocation: row.optionalText(7).map {
                    UnknownRevocationPolicy(rawValue: $0) ?? .refuse
                })
            agency.effectiveFrom = row.optionalInteger(8).map { Instant(milliseconds: $0) }
            agency.effectiveTo = row.optionalInteger(9).map { Instant(milliseconds: $0) }
            agency.successor = row.optionalText(10).map { ExactString($0) }
            agency.contact.email = row.text(11)
            agency.contact.telephone = row.text(12)
            agency.contact.address = row.text(13)
            agency.actsFor = rights[id] ?? []
            return agency
        }
    }

    /// What the agency was called at that moment; nil for a code that is in no directory.
    package func name(of code: AgencyCode, at instant: Instant) throws(StorageError) -> String? {
        try read { reader throws(DatabaseError) in
            let select = try reader.connection.prepare(
                """
                SELECT coalesce((SELECT name FROM former_names WHERE agency = agencies.id AND until > ?
                ORDER BY until LIMIT 1), name) FROM agencies WHERE code = ? AND status IS NOT NULL
                """)
            select.bind(1, instant.milliseconds)
            select.bind(2, code)
            return try select.first { $0.text(0) }
        }
    }

    private static func principals(_ reader: ReaderConnection) throws(DatabaseError) -> [Principal] {
        var certificates: [Int64: [Digest256]] = [:]
        for (id, sha256) in try reader.connection.prepare(
            "SELECT principal, sha256 FROM principal_certificates ORDER BY principal, sha256"
        ).all({ ($0.integer(0), $0.digest(1)) }) {
            if let sha256 { certificates[id, default: []].append(sha256) }
        }
        return try reader.connection.prepare("SELECT id, name, role FROM principals ORDER BY id").all { row in
            Principal.Role(rawValue: row.text(2)).map {
                Principal(name: row.text(1), role: $0, certificates: certificates[row.integer(0)] ?? [])
            }
        }.compactMap { $0 }
    }
}
