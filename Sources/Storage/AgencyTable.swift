internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// The directory, and the numbers by which other tables name agencies.
final class AgencyTable {
    private struct Known {
        let id: Int64
        let isListed: Bool
    }

    /// Codes looked up lately; bounded because callers choose what is looked up.
    private static let knownMax = 20_000
    private var known: [AgencyCode: Known] = [:]

    private let connection: SQLiteConnection
    private let select: SQLiteStatement
    private let insert: SQLiteStatement
    private let upsert: SQLiteStatement
    private let setStatus: SQLiteStatement
    private let selectAlias: SQLiteStatement
    private let insertAlias: SQLiteStatement
    private let removeAlias: SQLiteStatement
    private let removeAliases: SQLiteStatement
    private let insertCertificate: SQLiteStatement
    private let removeCertificate: SQLiteStatement
    private let removeCertificates: SQLiteStatement
    private let selectCaller: SQLiteStatement
    private let keepName: SQLiteStatement
    private let insertRight: SQLiteStatement
    private let removeRights: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(DatabaseError) {
        self.connection = connection
        select = try connection.prepare("SELECT id, status IS NOT NULL FROM agencies WHERE code = ?")
        insert = try connection.prepare("INSERT INTO agencies(code) VALUES(?) RETURNING id")
        upsert = try connection.prepare(
            """
            INSERT INTO agencies(code, name, parent, level, status, policy, unknown_revocation,
            effective_from, effective_to, successor, email, telephone, address)
            VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)
            ON CONFLICT(code) DO UPDATE SET name = excluded.name, parent = excluded.parent,
            level = excluded.level, status = excluded.status, policy = excluded.policy,
            unknown_revocation = excluded.unknown_revocation, effective_from = excluded.effective_from,
            effective_to = excluded.effective_to, successor = excluded.successor, email = excluded.email,
            telephone = excluded.telephone, address = excluded.address RETURNING id
            """)
        keepName = try connection.prepare(
            """
            INSERT OR REPLACE INTO former_names(agency, until, name) SELECT id, ?, name FROM agencies
            WHERE code = ? AND status IS NOT NULL AND name <> ?
            """)
        insertRight = try connection.prepare(
            "INSERT OR REPLACE INTO acting_rights(agency, for_code, until) VALUES(?,?,?)")
        removeRights = try connection.prepare("DELETE FROM acting_rights WHERE agency = ?")
        setStatus = try connection.prepare("UPDATE agencies SET status = ? WHERE id = ?")
        selectAlias = try connection.prepare(
            """
            SELECT x.agency, a.status FROM aliases x JOIN agencies a ON a.id = x.agency WHERE x.code = ?
            """)
        removeAlias = try connection.prepare("DELETE FROM aliases WHERE code = ?")
        insertAlias = try connection.prepare("INSERT INTO aliases(code, agency, position) VALUES(?,?,?)")
        removeAliases = try connection.prepare("DELETE FROM aliases WHERE agency = ?")
        insertCertificate = try connection.prepare(
            "INSERT OR IGNORE INTO certificates(agency, use, sha256) VALUES(?,?,?)")
        removeCertificate = try connection.prepare(
            "DELETE FROM certificates WHERE agency = ? AND use = ? AND sha256 = ?")
        removeCertificates = try connection.prepare("DELETE FROM certificates WHERE agency = ?")
        selectCaller = try connection.prepare(
            """
            SELECT agency FROM certificates WHERE sha256 = ?1 AND use = 'transport'
            UNION ALL SELECT -1 FROM principal_certificates WHERE sha256 = ?1
            """)
    }

    /// What a rollback made untrue.
    func forget() {
        known = [:]
    }

    private func find(_ code: AgencyCode) throws(DatabaseError) -> Known? {
        if let found = known[code] { return found }
        select.bind(1, code)
        guard let found = try select.first({ Known(id: $0.integer(0), isListed: $0.integer(1) == 1) }) else {
            return nil
        }
        if known.count >= Self.knownMax { known = [:] }
        known[code] = found
        return found
    }

    /// The number of an agency of the directory, whatever its status; nil for every other code.
    func listed(_ code: AgencyCode) throws(DatabaseError) -> Int64? {
        guard let found = try find(code), found.isListed else { return nil }
        return found.id
    }

    /// The number of a code that has sent, received, or is in the directory.
    func existing(_ code: AgencyCode) throws(DatabaseError) -> Int64? {
        try find(code)?.id
    }

    /// Gives the code a number where it has none.
    func number(of code: AgencyCode) throws(DatabaseError) -> Int64 {
        if let found = try find(code) { return found.id }
        insert.bind(1, code)
        let id = try insert.first { $0.integer(0) } ?? 0
        known[code] = Known(id: id, isListed: false)
        return id
    }

    // Changes of the directory. Their callers hold a savepoint, because a rejection can come half-way.

    /// Rows first, then what must be unique among them: an alias or certificate may move from one to another.
    ///
    /// - Parameter at: until when a name that changes now was in use.
    func put(_ agencies: [Agency], at: Instant) throws(DatabaseError) -> Rejection? {
        var ids: [Int64] = []
        for agency in agencies { ids.append(try put(agency, at: at)) }
        for (agency, id) in zip(agencies, ids) {
            if let rejection = try putAliases(of: agency, id) { return rejection }
            for certificate in agency.transportCertificates {
                if let rejection = try bind(certificate, .transport, to: id) { return rejection }
            }
            for certificate in agency.signingCertificates {
                if let rejection = try bind(certificate, .signing, to: id) { return rejection }
            }
        }
        return nil
    }

    private func put(_ agency: Agency, at: Instant) throws(DatabaseError) -> Int64 {
        // What was never heard of has nothing to be kept or replaced: a country's first import has only such.
        let isKnown = try find(agency.code) != nil
        if isKnown {
            keepName.bind(1, at.milliseconds)
            keepName.bind(2, agency.code)
            keepName.bind(3, agency.name)
            try keepName.run()
        }
        upsert.bind(1, agency.code)
        upsert.bind(2, agency.name)
        upsert.bind(3, agency.parent?.string)
        upsert.bind(4, agency.level)
        upsert.bind(5, agency.status.rawValue)
        upsert.bind(6, agency.signaturePolicy.rawValue)
        upsert.bind(7, agency.unknownRevocation?.rawValue)
        upsert.bind(8, agency.effectiveFrom?.milliseconds)
        upsert.bind(9, agency.effectiveTo?.milliseconds)
        upsert.bind(10, agency.successor?.string)
        upsert.bind(11, agency.contact.email)
        upsert.bind(12, agency.contact.telephone)
        upsert.bind(13, agency.contact.address)
        let id = try upsert.first { $0.integer(0) } ?? 0
        known[agency.code] = nil
        if isKnown {
            removeAliases.bind(1, id)
            try removeAliases.run()
            try release(id)
        }
        for right in agency.actsFor {
            insertRight.bind(1, id)
            insertRight.bind(2, right.agency)
            insertRight.bind(3, right.until.milliseconds)
            try insertRight.run()
        }
        return id
    }

    private func putAliases(of agency: Agency, _ id: Int64) throws(DatabaseError) -> Rejection? {
        for (position, alias) in agency.aliases.enumerated() {
            selectAlias.bind(1, alias)
            let owner = try selectAlias.first { ($0.integer(0), $0.optionalText(1)) }
            if owner?.0 == id { continue }
            if let owner {
                // A retired agency keeps its codes for its successor's sake, until somebody else needs one.
                guard owner.1 == Agency.Status.retired.rawValue else {
                    return Rejection(.badRequest, "Mã \(alias) của \(agency.code) đã thuộc cơ quan khác.")
                }
                removeAlias.bind(1, alias)
                try removeAlias.run()
            }
            insertAlias.bind(1, alias)
            insertAlias.bind(2, id)
            insertAlias.bind(3, position)
            try insertAlias.run()
        }
        return nil
    }

    /// Frees the agency's certificates for others, and ends what it may do.
    private func release(_ id: Int64) throws(DatabaseError) {
        removeCertificates.bind(1, id)
        try removeCertificates.run()
        removeRights.bind(1, id)
        try removeRights.run()
    }

    /// Marks every agency as retired that is in the directory and not among `kept`; its certificates and its
    /// rights end with it.
    func retireAll(except kept: Set<AgencyCode>) throws(DatabaseError) {
        let listed = try connection.prepare("SELECT id, code FROM agencies WHERE status IS NOT NULL")
        for (id, code) in try listed.all({ ($0.integer(0), ExactString($0.text(1))) })
        where !kept.contains(code) {
            try retire(id)
        }
    }

    func setSuccessor(of id: Int64, _ successor: AgencyCode) throws(DatabaseError) {
        let update = try connection.prepare("UPDATE agencies SET successor = ? WHERE id = ?")
        update.bind(1, successor)
        update.bind(2, id)
        try update.run()
    }

    func retire(_ id: Int64) throws(DatabaseError) {
        setStatus.bind(1, Agency.Status.retired.rawValue)
        setStatus.bind(2, id)
        try setStatus.run()
        try release(id)
    }

    func bind(
        _ certificate: Digest256, _ use: CertificateUse, to id: Int64
    ) throws(DatabaseError) -> Rejection? {
        if use == .transport {
            selectCaller.bind(1, certificate)
            let owner = try selectCaller.first { $0.integer(0) }
            if let owner, owner != id {
                return Rejection(.badRequest, "Chứng thư \(certificate) đã được đăng ký cho bên khác.")
            }
        }
        insertCertificate.bind(1, id)
        insertCertificate.bind(2, use.rawValue)
        insertCertificate.bind(3, certificate)
        try insertCertificate.run()
        return nil
    }

    /// False where it was not bound.
    func unbind(_ certificate: Digest256, _ use: CertificateUse, from id: Int64) throws(DatabaseError) -> Bool
    {
        removeCertificate.bind(1, id)
        removeCertificate.bind(2, use.rawValue)
        removeCertificate.bind(3, certificate)
        try removeCertificate.run()
        return connection.changes > 0
    }

    /// Keeps the DER of registered certificates, and drops what is registered no longer.
    func keep(_ certificates: [Certificate]) throws(DatabaseError) {
        try connection.execute(
            """
            DELETE FROM known_certificates
            WHERE NOT EXISTS (SELECT 1 FROM certificates WHERE sha256 = known_certificates.sha256)
            """)
        let insert = try connection.prepare(
            """
            INSERT OR IGNORE INTO known_certificates(sha256, der) SELECT ?1, ?2
            WHERE EXISTS (SELECT 1 FROM certificates WHERE sha256 = ?1)
            """)
        for certificate in certificates {
            insert.bind(1, certificate.sha256)
            insert.bind(2, certificate.der)
            try insert.run()
        }
    }

    func replacePrincipals(_ principals: [Principal]) throws(DatabaseError) -> Rejection? {
        try connection.execute("DELETE FROM principals")
        let insert = try connection.prepare("INSERT INTO principals(name, role) VALUES(?,?) RETURNING id")
        let bind = try connection.prepare("INSERT INTO principal_certificates(sha256, principal) VALUES(?,?)")
        for principal in principals {
            insert.bind(1, principal.name)
            insert.bind(2, principal.role.rawValue)
            let id = try insert.first { $0.integer(0) } ?? 0
            for certificate in Set(principal.certificates) {
                selectCaller.bind(1, certificate)
                if try selectCaller.first({ $0.integer(0) }) != nil {
                    return Rejection(.badRequest, "Chứng thư \(certificate) đã được đăng ký cho bên khác.")
                }
                bind.bind(1, certificate)
                bind.bind(2, id)
                try bind.run()
            }
        }
        return nil
    }
}
