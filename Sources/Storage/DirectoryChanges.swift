internal import AuditLog
internal import Database
internal import Exchange
internal import OpenSSL

/// Changes of the directory. Each is whole or nothing, whatever else is in the batch.
extension Store {
    func putAgencies(
        _ list: [Agency], retire retirement: Retirement, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        let rejection = try whole { () throws(DatabaseError) in
            switch retirement {
            case .none: break
            case .others: try agencies.retireAll(except: Set(list.map(\.code)))
            case .these(let codes):
                for code in codes {
                    guard let id = try agencies.listed(code) else { return .unknownAgency(code) }
                    try agencies.retire(id)
                }
            }
            return try agencies.put(list, at: batch.at)
        }
        if let rejection { return .failure(rejection) }
        try append(.directoryChanged(agencies: list.count, digest: Self.digest(of: list)), to: &batch)
        return .success(.done)
    }

    func retireAgency(
        _ code: AgencyCode, successor: AgencyCode?, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.unknownAgency(code)) }
        if let successor {
            guard try agencies.listed(successor) != nil else { return .failure(.unknownAgency(successor)) }
            try agencies.setSuccessor(of: id, successor)
        }
        try agencies.retire(id)
        try append(.agencyRetired(code), to: &batch)
        return .success(.done)
    }

    func bind(
        _ certificate: Digest256, _ use: CertificateUse, to code: AgencyCode, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.unknownAgency(code)) }
        if let rejection = try agencies.bind(certificate, use, to: id) { return .failure(rejection) }
        try append(.certificateBound(agency: code, use: use, sha256: certificate), to: &batch)
        return .success(.done)
    }

    func unbind(
        _ certificate: Digest256, _ use: CertificateUse, from code: AgencyCode, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.unknownAgency(code)) }
        guard try agencies.unbind(certificate, use, from: id) else {
            return .failure(Rejection(.notFound, "Chứng thư này không được đăng ký cho \(code)."))
        }
        try append(.certificateRetired(agency: code, use: use, sha256: certificate), to: &batch)
        return .success(.done)
    }

    func putPrincipals(
        _ principals: [Principal], _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        let rejection = try whole { () throws(DatabaseError) in try agencies.replacePrincipals(principals) }
        if let rejection { return .failure(rejection) }
        try append(
            .principalsChanged(count: principals.count, digest: Self.digest(of: principals)), to: &batch)
        return .success(.done)
    }

    /// Takes back what was done before a rejection was found.
    private func whole(
        _ body: () throws(DatabaseError) -> Rejection?
    ) throws(DatabaseError) -> Rejection? {
        try connection.execute("SAVEPOINT change")
        let rejection = try body()
        if rejection != nil {
            try connection.execute("ROLLBACK TO change")
            agencies.forget()
        }
        try connection.execute("RELEASE change")
        return rejection
    }

    /// Of what was put: for each agency, in order of the codes, its values, each ended by 00, then 0A.
    static func digest(of agencies: [Agency]) -> Digest256 {
        var hash = SHA256()
        for agency in agencies.sorted(by: { $0.code < $1.code }) {
            var texts = [agency.code.string, agency.name, agency.parent?.string ?? "", String(agency.level)]
            texts += [agency.status.rawValue, agency.signaturePolicy.rawValue]
            texts += agency.aliases.map(\.string)
            texts += agency.transportCertificates.map { "transport:\($0)" }
            texts += agency.signingCertificates.map { "signing:\($0)" }
            texts += agency.unknownRevocation.map { ["unknownRevocation:\($0.rawValue)"] } ?? []
            texts += agency.effectiveFrom.map { ["effectiveFrom:\($0.rfc3339)"] } ?? []
            texts += agency.effectiveTo.map { ["effectiveTo:\($0.rfc3339)"] } ?? []
            texts += agency.successor.map { ["successor:\($0)"] } ?? []
            texts += agency.actsFor.map { "actsFor:\($0.agency):\($0.until.rfc3339)" }
            texts += [agency.contact.email, agency.contact.telephone, agency.contact.address]
            for text in texts { hash.update(Array(text.utf8) + [0]) }
            hash.update([0x0A])
        }
        return hash.finalize()
    }

    static func digest(of principals: [Principal]) -> Digest256 {
        var hash = SHA256()
        for principal in principals {
            let texts = [principal.name, principal.role.rawValue] + principal.certificates.map(\.hex)
            for text in texts { hash.update(Array(text.utf8) + [0]) }
            hash.update([0x0A])
        }
        return hash.finalize()
    }
}

extension Rejection {
    fileprivate static func unknownAgency(_ code: AgencyCode) -> Rejection {
        Rejection(.notFound, "Không có cơ quan nào mang mã \(code) trong danh bạ.")
    }
}
