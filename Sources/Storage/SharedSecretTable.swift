internal import AuditLog
internal import Database
package import Exchange
internal import OpenSSL

/// A secret as it lies on the disk.
package struct SealedSecret: Sendable, Equatable {
    /// Names it to people and in the log; tells nothing about it.
    package let name: String
    package let sealed: [UInt8]

    package init(name: String, sealed: [UInt8]) {
        self.name = name
        self.sealed = sealed
    }
}

/// What the directory has for software that signs its requests with a secret.
package struct StoredSecrets: Sendable {
    package struct Secret: Sendable {
        package let agency: AgencyCode
        package let secret: SealedSecret
        package let madeAt: Instant
    }

    package let secrets: [Secret]
    package let addresses: [AgencyCode: [AddressBlock]]
}

/// Secrets and source addresses of agencies. Each change is an entry of the log, which names the secret and
/// does not have it.
extension Store {
    /// Of one agency at a time: rollover needs two.
    private static let secretsMax = 8

    func add(
        _ secret: SealedSecret, to code: AgencyCode, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.noAgency(code)) }
        let count = try connection.prepare("SELECT count(*) FROM shared_secrets WHERE agency = ?")
        count.bind(1, id)
        guard try count.first({ $0.integer(0) }) ?? 0 < Self.secretsMax else {
            return .failure(
                Rejection(
                    .badRequest,
                    "\(code) đã có \(Self.secretsMax) bí mật; hãy thu hồi bớt trước khi cấp thêm."))
        }
        let insert = try connection.prepare(
            "INSERT INTO shared_secrets(agency, name, sealed, made_at) VALUES(?,?,?,?)")
        insert.bind(1, id)
        insert.bind(2, secret.name)
        insert.bind(3, secret.sealed)
        insert.bind(4, batch.at.milliseconds)
        try insert.run()
        try append(.secretIssued(agency: code, name: secret.name), to: &batch)
        return .success(.done)
    }

    func removeSecret(
        _ name: String, of code: AgencyCode, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.noAgency(code)) }
        let remove = try connection.prepare("DELETE FROM shared_secrets WHERE agency = ? AND name = ?")
        remove.bind(1, id)
        remove.bind(2, name)
        try remove.run()
        guard connection.changes > 0 else {
            return .failure(Rejection(.notFound, "\(code) không có bí mật nào tên \(name)."))
        }
        try append(.secretRevoked(agency: code, name: name), to: &batch)
        return .success(.done)
    }

    func putSourceAddresses(
        _ blocks: [AddressBlock], of code: AgencyCode, _ batch: inout Batch
    ) throws(DatabaseError) -> Result<Outcome, Rejection> {
        guard let id = try agencies.listed(code) else { return .failure(.noAgency(code)) }
        let remove = try connection.prepare("DELETE FROM source_addresses WHERE agency = ?")
        remove.bind(1, id)
        try remove.run()
        let insert = try connection.prepare(
            "INSERT OR IGNORE INTO source_addresses(agency, block) VALUES(?,?)")
        for block in blocks {
            insert.bind(1, id)
            insert.bind(2, block.description)
            try insert.run()
        }
        let text = blocks.map { $0.description + "\n" }.sorted().joined()
        try append(
            .sourceAddressesChanged(agency: code, count: blocks.count, digest: SHA256.hash(Array(text.utf8))),
            to: &batch)
        return .success(.done)
    }
}

extension StoreReader {
    /// All of them, as of one commit.
    package func sharedSecrets() throws(StorageError) -> StoredSecrets {
        try read { reader throws(DatabaseError) in
            try reader.reading { reader throws(DatabaseError) in
                let secrets = try reader.connection.prepare(
                    """
                    SELECT a.code, x.name, x.sealed, x.made_at FROM shared_secrets x
                    JOIN agencies a ON a.id = x.agency ORDER BY x.id
                    """
                ).all { row in
                    StoredSecrets.Secret(
                        agency: ExactString(row.text(0)),
                        secret: SealedSecret(name: row.text(1), sealed: row.bytes(2)),
                        madeAt: Instant(milliseconds: row.integer(3)))
                }
                var addresses: [AgencyCode: [AddressBlock]] = [:]
                for (code, block) in try reader.connection.prepare(
                    """
                    SELECT a.code, x.block FROM source_addresses x JOIN agencies a ON a.id = x.agency
                    ORDER BY x.agency, x.block
                    """
                ).all({ (AgencyCode($0.text(0)), AddressBlock($0.text(1))) }) {
                    if let block { addresses[code, default: []].append(block) }
                }
                return StoredSecrets(secrets: secrets, addresses: addresses)
            }
        }
    }
}

extension Rejection {
    fileprivate static func noAgency(_ code: AgencyCode) -> Rejection {
        Rejection(.notFound, "Không có cơ quan nào mang mã \(code) trong danh bạ.")
    }
}
