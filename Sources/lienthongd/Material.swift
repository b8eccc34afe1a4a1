internal import AuditLog
internal import Exchange
internal import Files
internal import Hub
internal import OpenSSL
internal import Trust

/// Why the daemon cannot start with what the configuration names.
struct MaterialError: Error, CustomStringConvertible {
    /// Vietnamese.
    let description: String
}

/// Everything that the configuration names as files, read and checked; made anew at SIGHUP.
struct Material {
    let serverTLS: TLSContext
    /// Of the front for existing software: whoever has a client certificate may show it. Nil where that front
    /// is closed or speaks plain HTTP.
    let vxpTLS: TLSContext?
    /// Leaf of `tls.certificate`.
    let serverCertificate: Certificate?
    let trust: TrustSettings
    /// For https servers that revocation data is fetched from; nil where none is configured.
    let fetchTLS: TLSContext?
    /// For the first start; nil where the configuration names no directory.
    let directory: DirectoryFile?
    /// Those that the directory names by their file.
    let directoryCertificates: [Certificate]

    private static let fileBytesMax: Int64 = 64 << 20

    init(_ configuration: Configuration) throws {
        do {
            serverTLS = try TLSContext(
                serverCertificate: configuration.tlsCertificate, key: configuration.tlsKey,
                clientAnchors: configuration.clientAnchors,
                clientCertificates: configuration.log.isPublic ? .optional : .required)
            vxpTLS =
                configuration.vxp?.usesTLS == true
                ? try TLSContext(
                    serverCertificate: configuration.tlsCertificate, key: configuration.tlsKey,
                    clientAnchors: configuration.clientAnchors, clientCertificates: .optional) : nil
        } catch {
            throw MaterialError(description: "chứng thư hoặc khóa TLS không dùng được: \(error)")
        }
        serverCertificate = try? Certificate.all(in: try Self.read(configuration.tlsCertificate)).first
        trust = try Self.trust(configuration)
        let anchors = configuration.trust.tlsAnchors
        do {
            fetchTLS = anchors.isEmpty ? nil : try TLSContext(clientAnchors: anchors)
        } catch {
            throw MaterialError(description: "trust.fetch.tlsAnchors không dùng được: \(error)")
        }
        var certificates: [Certificate] = []
        directory = try configuration.directoryFile.map { try Self.directory($0, &certificates) }
        directoryCertificates = certificates
    }

    /// What the trust list is read from; the lists themselves are `checkTrust`'s and the keeper's business.
    private static func trust(_ configuration: Configuration) throws -> TrustSettings {
        var settings = TrustSettings(
            paths: configuration.trust.paths, fetch: configuration.trust.fetch,
            checkSeconds: configuration.trust.checkSeconds)
        for responder in configuration.trust.responders {
            do {
                let issuer = try Certificate(pem: try read(responder.issuer))
                settings.fetch.responders.append(.init(issuer: issuer.sha256, url: responder.url))
            } catch {
                throw MaterialError(
                    description: "trust.fetch.ocsp: không đọc được chứng thư \(responder.issuer): \(error)")
            }
        }
        return settings
    }

    /// For `--check`: whether the trust list could be used.
    func checkTrust() throws {
        _ = try trust.paths.read()
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

    private static func directory(_ path: String, _ known: inout [Certificate]) throws -> DirectoryFile {
        do {
            return try DirectoryFile(try read(path)) { named throws(CertificateFileError) in
                do {
                    let bytes = try read(Files.Directory.resolve(named, beside: path))
                    let certificate = try Certificate(pem: bytes)
                    known.append(certificate)
                    return certificate.sha256
                } catch {
                    throw CertificateFileError("không đọc được chứng thư (\(error))")
                }
            }
        } catch let error as DirectoryFileError {
            throw MaterialError(description: "\(path):\(error.line): \(error.detail)")
        }
    }

    /// What seals the agencies' secrets; made on the first start, readable by its owner only.
    static func secretsKey(_ path: String) throws -> SealingKey {
        if !Files.Directory.exists(path) {
            let text = Hex.encode(SecureRandom.bytes(SealingKey.byteCount)) + "\n"
            try Files.Directory.createPrivate(path, with: Array(text.utf8))
        }
        let text = String(decoding: try read(path), as: UTF8.self).filter { !$0.isWhitespace }
        guard let key = Hex.decode(text).flatMap({ SealingKey($0) }) else {
            throw MaterialError(
                description: "\(path): khóa phải là \(SealingKey.byteCount * 2) chữ số hex trên một dòng")
        }
        return key
    }

    /// The log's key; made on the first start, readable by its owner only.
    static func logKey(_ path: String) throws -> PrivateKey {
        if Files.Directory.exists(path) { return try PrivateKey(pem: try read(path)) }
        let key = try PrivateKey.generate(.ed25519)
        try Files.Directory.createPrivate(path, with: key.pem)
        return key
    }
}
