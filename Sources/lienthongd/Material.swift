internal import AuditLog
internal import Exchange
internal import Files
internal import Hub
internal import OpenSSL
internal import Signature

/// Why the daemon cannot start with what the configuration names.
struct MaterialError: Error, CustomStringConvertible {
    /// Vietnamese.
    let description: String
}

/// Everything that the configuration names as files, read and checked; made anew at SIGHUP.
struct Material {
    let serverTLS: TLSContext
    let verifier: SignatureVerifier
    /// Names the trust list in the audit log.
    let trustVersion: Digest256
    /// For the first start; nil where the configuration names no directory.
    let directory: DirectoryFile?

    private static let fileBytesMax: Int64 = 64 << 20

    init(_ configuration: Configuration) throws {
        do {
            serverTLS = try TLSContext(
                serverCertificate: configuration.tlsCertificate, key: configuration.tlsKey,
                clientAnchors: configuration.clientAnchors,
                clientCertificates: configuration.log.isPublic ? .optional : .required)
        } catch {
            throw MaterialError(description: "chứng thư hoặc khóa TLS không dùng được: \(error)")
        }
        do {
            let trust = try TrustStore(
                anchors: configuration.trustAnchors, intermediates: configuration.trustIntermediates,
                crls: configuration.trustCRLs, now: Clock.system.now)
            verifier = SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy())
            trustVersion = trust.version
        } catch {
            throw MaterialError(description: "danh sách tin cậy (trust) không dùng được: \(error)")
        }
        directory = try configuration.directoryFile.map { try Self.directory($0) }
    }

    static func read(_ path: String) throws -> [UInt8] {
        do {
            let file = try File(path, .read)
            let size = try file.size()
            guard size <= fileBytesMax else { throw MaterialError(description: "\(path): tệp quá lớn") }
            return try file.read(at: 0, count: Int(size))
        } catch let error as FileError {
            throw MaterialError(description: "không đọc được \(path): \(error)")
        }
    }

    private static func directory(_ path: String) throws -> DirectoryFile {
        do {
            return try DirectoryFile(try read(path)) { named throws(CertificateFileError) in
                do {
                    let bytes = try read(Files.Directory.resolve(named, beside: path))
                    return try Certificate(pem: bytes).sha256
                } catch {
                    throw CertificateFileError("không đọc được chứng thư (\(error))")
                }
            }
        } catch let error as DirectoryFileError {
            throw MaterialError(description: "\(path):\(error.line): \(error.detail)")
        }
    }

    /// The log's key; made on the first start, readable by its owner only.
    static func logKey(_ path: String) throws -> PrivateKey {
        if Files.Directory.exists(path) { return try PrivateKey(pem: try read(path)) }
        let key = try PrivateKey.generate(.ed25519)
        let file = try File(path, .createPrivate)
        try file.write(key.pem, at: 0)
        try file.synchronize()
        try Files.Directory.synchronize(Files.Directory.parent(of: path))
        return key
    }
}
