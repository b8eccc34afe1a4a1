package import Exchange
internal import Files
package import OpenSSL

/// A file of the trust configuration that cannot be used.
package struct TrustFileError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let detail: String

    package var description: String { "\(path): \(detail)" }
}

/// Reads certificates, CRLs and OCSP responses, PEM or DER, from files and from directories of them.
package enum TrustFiles {
    package static let fileBytesMax: Int64 = 64 << 20
    private static let suffixes = [".pem", ".crt", ".cer", ".der", ".crl", ".ocsp", ".ors", ".resp"]

    /// Whether a file of that name in a folder is looked into.
    package static func isTaken(_ name: String) -> Bool {
        suffixes.contains { name.lowercased().hasSuffix($0) }
    }

    /// - Throws: where a file named directly holds no certificate, or one that cannot be read. In a directory
    ///   files of other kinds are passed over.
    package static func certificates(at paths: [String]) throws(TrustFileError) -> [Certificate] {
        try all(at: paths, "certificate") { (bytes) throws(OpenSSLError) in try Certificate.all(in: bytes) }
    }

    package static func revocationLists(at paths: [String]) throws(TrustFileError) -> [CertificateList] {
        try all(at: paths, "CRL") { (bytes) throws(OpenSSLError) in try CertificateList.all(in: bytes) }
    }

    /// Responders that said something else than an answer ("try later") are no responses.
    package static func responses(at paths: [String]) throws(TrustFileError) -> [OCSPResponse] {
        try all(at: paths, "OCSP response") { (bytes) throws(OpenSSLError) in
            try OCSPResponse.all(in: bytes)
        }
    }

    private static func all<Item>(
        at paths: [String], _ kind: String, _ parse: ([UInt8]) throws(OpenSSLError) -> [Item]
    ) throws(TrustFileError) -> [Item] {
        var items: [Item] = []
        for path in paths {
            guard let names = try? Directory.names(in: path) else {
                let found: [Item]
                do {
                    found = try parse(try read(path))
                } catch let error as OpenSSLError {
                    throw TrustFileError(path: path, detail: error.description)
                } catch let error as TrustFileError {
                    throw error
                } catch {
                    throw TrustFileError(path: path, detail: "\(error)")
                }
                guard !found.isEmpty else { throw TrustFileError(path: path, detail: "no \(kind) in it") }
                items += found
                continue
            }
            for name in names.sorted() where isTaken(name) {
                guard let found = try? parse(try read("\(path)/\(name)")) else { continue }
                items += found
            }
        }
        return items
    }

    private static func read(_ path: String) throws(TrustFileError) -> [UInt8] {
        do {
            let file = try File(path, .read)
            let size = try file.size()
            guard size <= fileBytesMax else { throw TrustFileError(path: path, detail: "larger than 64 MiB") }
            return try file.read(at: 0, count: Int(size))
        } catch let error as TrustFileError {
            throw error
        } catch {
            throw TrustFileError(path: path, detail: "\(error)")
        }
    }
}

extension TrustStore {
    /// Reads a trust list from files and directories. Among the certificates those that signed themselves are
    /// anchors.
    ///
    /// - Parameter now: the clock, against CRLs and responses from the future.
    package convenience init(
        anchors: [String], intermediates: [String] = [], crls: [String] = [], responses: [String] = [],
        now: @escaping @Sendable () -> Instant = { .distantFuture }
    ) throws(TrustFileError) {
        self.init(
            certificates: try TrustFiles.certificates(at: anchors + intermediates),
            revocation: RevocationData(
                lists: try TrustFiles.revocationLists(at: crls),
                responses: try TrustFiles.responses(at: responses)),
            now: now)
    }
}
