package import Exchange
package import OpenSSL
package import Storage
internal import Synchronization

/// Secrets that agencies' software signs its requests with, opened, and where it may call from.
///
/// On the disk they are sealed; the key lies outside the data directory, so that a backup alone opens none.
package final class SharedSecrets: Sendable {
    package struct Secret: Sendable {
        package let name: String
        /// Nil where the key file does not open it: it counts for nothing, and can be revoked.
        package let bytes: [UInt8]?
        package let madeAt: Instant
    }

    private struct Book {
        var secrets: [AgencyCode: [Secret]] = [:]
        var addresses: [AgencyCode: [AddressBlock]] = [:]
    }

    /// Of a secret that an operator brings; shorter ones can be tried out.
    package static let byteCounts = 12...256

    private let key: SealingKey
    private let reader: StoreReader
    private let book = Mutex(Book())

    /// - Throws: where the database cannot be read.
    package init(key: SealingKey, reader: StoreReader) throws(StorageError) {
        self.key = key
        self.reader = reader
        try reload()
    }

    /// Those that count now, oldest first; several overlap while an agency changes from one to the next.
    package func secrets(of agency: AgencyCode) -> [Secret] {
        book.withLock { $0.secrets[agency] ?? [] }
    }

    /// Empty where it may call from anywhere.
    package func addresses(of agency: AgencyCode) -> [AddressBlock] {
        book.withLock { $0.addresses[agency] ?? [] }
    }

    /// How many the key does not open: where there are any, it is another key.
    var unreadableCount: Int {
        book.withLock { $0.secrets.values.reduce(0) { $0 + $1.count { $0.bytes == nil } } }
    }

    func reload() throws(StorageError) {
        let stored = try reader.sharedSecrets()
        var new = Book()
        new.addresses = stored.addresses
        for row in stored.secrets {
            let bytes = key.open(row.secret.sealed, for: Self.place(row.agency, row.secret.name))
            new.secrets[row.agency, default: []].append(
                Secret(name: row.secret.name, bytes: bytes, madeAt: row.madeAt))
        }
        book.withLock { [new] in $0 = new }
    }

    /// 43 characters that no file format changes.
    static func make() -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        return SecureRandom.bytes(43).map { alphabet[Int($0 & 63)] }
    }

    func seal(_ secret: [UInt8], of agency: AgencyCode) -> SealedSecret {
        let name = Hex.encode(SecureRandom.bytes(4))
        return SealedSecret(name: name, sealed: key.seal(secret, for: Self.place(agency, name)))
    }

    private static func place(_ agency: AgencyCode, _ name: String) -> [UInt8] {
        Array("\(agency)\0\(name)".utf8)
    }
}

extension Hub {
    package typealias SecretAnswer = @Sendable (Result<(name: String, secret: [UInt8]), Rejection>) -> Void

    /// Gives the agency's software one more secret; those that it has go on counting.
    ///
    /// - Parameter secret: nil makes a random one.
    package func issueSecret(
        for agency: AgencyCode, _ secret: [UInt8]?, _ answer: @escaping SecretAnswer
    ) {
        guard let sharedSecrets else { return answer(.failure(.noSecrets)) }
        let secret = secret ?? SharedSecrets.make()
        let sealed = sharedSecrets.seal(secret, of: agency)
        changeSecrets(.addSecret(agency: agency, sealed)) { result in
            answer(result.map { _ in (sealed.name, secret) })
        }
    }

    /// From now on nothing that it signed is believed.
    package func revokeSecret(
        _ name: String, of agency: AgencyCode, _ answer: @escaping DeliveryAnswer
    ) {
        changeSecrets(.removeSecret(agency: agency, name: name), answer)
    }

    package func putSourceAddresses(
        _ blocks: [AddressBlock], of agency: AgencyCode, _ answer: @escaping DeliveryAnswer
    ) {
        changeSecrets(.putSourceAddresses(agency: agency, blocks), answer)
    }

    private func changeSecrets(_ change: Change, _ answer: @escaping DeliveryAnswer) {
        guard let sharedSecrets else { return answer(.failure(.noSecrets)) }
        submit(change) { [self] result in
            guard case .success = result else { return answer(result) }
            let isTaken = runBlocking(for: Workers.hub) {
                do throws(StorageError) {
                    try sharedSecrets.reload()
                    answer(result)
                } catch {
                    answer(.failure(Rejection(storage: error)))
                }
            }
            if !isTaken { answer(.failure(.overloaded)) }
        }
    }
}

extension Rejection {
    fileprivate static let noSecrets = Rejection(
        .notFound, "Trục này chưa mở cổng VXP (listen.vxp trong cấu hình).")
}
