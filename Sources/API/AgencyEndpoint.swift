internal import AuditLog
internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import OpenSSL
internal import Storage
internal import Transport

/// `GET /v1/agencies` for everybody; changes of the directory for operators.
struct AgencyEndpoint {
    let hub: Hub

    private static let certificateBytesMax = 64 << 10
    private static let importBytesMax = 64 << 20

    func handle(
        _ request: RequestHead, _ path: [String], _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        switch (request.method, path.count) {
        case ("GET", 0), ("HEAD", 0): try list(request, exchange)
        case ("GET", 1), ("HEAD", 1):
            guard let agency = hub.directory.agency(ExactString(path[0])) else { throw .notFound }
            exchange.respond(.json(JSONWriter.object { agency.writePublic(into: &$0) }))
        case ("PUT", 0):
            try requireOperator(caller)
            importAgencies(exchange, DirectoryImport(request))
        case ("POST", 2) where path[1] == "retire":
            try requireOperator(caller)
            let successor = try request.target.value(of: "successor").map { text throws(Rejection) in
                try known(text).code
            }
            change(.retireAgency(try known(path[0]).code, successor: successor), exchange)
        case ("PUT", 4) where path[1] == "certificates", ("DELETE", 4) where path[1] == "certificates":
            try requireOperator(caller)
            try changeCertificate(request, path, exchange)
        case (_, 2...3) where path[1] == "vxp-secrets" || path[1] == "vxp-addresses":
            try requireOperator(caller)
            try SharedSecretEndpoint(hub: hub).handle(
                request.method, Array(path.dropFirst()), try known(path[0]), exchange)
        default:
            guard path.count <= 1 else { throw .notFound }
            throw Rejection(.methodNotAllowed, "Địa chỉ này không nhận phương thức HTTP đã dùng.")
        }
    }

    private func list(_ request: RequestHead, _ exchange: HTTPExchange) throws(Rejection) {
        let limit = try request.integer("limit", in: 1...1000, default: 100)
        let found = hub.directory.search(request.target.value(of: "q") ?? "", limit: limit)
        exchange.respond(
            .json(
                JSONWriter.object { writer in
                    writer.name("agencies")
                    writer.array(found) { writer, agency in
                        writer.object { agency.writePublic(into: &$0) }
                    }
                }))
    }

    private func requireOperator(_ caller: Caller) throws(Rejection) {
        guard caller.has(.operator) else { throw .forbidden }
    }

    private func known(_ code: String) throws(Rejection) -> Agency {
        guard let agency = hub.directory.agency(ExactString(code)) else {
            throw Rejection(.notFound, "Không có cơ quan nào mang mã \(code).")
        }
        return agency
    }

    /// The body is a directory file whose certificates are fingerprints: the hub reads no files of its
    /// callers. Read off the reactor, since a country's directory has 40 MB.
    private func importAgencies(_ exchange: HTTPExchange, _ order: DirectoryImport) {
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: Self.importBytesMax, exchange: exchange) { bytes in
                let isTaken = hub.runBlocking(for: exchange.peer.party) {
                    Self.importAgencies(bytes, order, hub, exchange)
                }
                if !isTaken { exchange.refuse(.overloaded) }
            })
    }

    private static func importAgencies(
        _ bytes: [UInt8], _ order: DirectoryImport, _ hub: Hub, _ exchange: HTTPExchange
    ) {
        do {
            let file = try DirectoryFile(bytes) { _ throws(CertificateFileError) in
                throw CertificateFileError("chỉ nhận sha256:<hex> qua API")
            }
            let present = hub.directory
            let agencies =
                order.keepsTrust ? file.agencies.map { present.keepingTrust(of: $0) } : file.agencies
            try checkAliases(agencies, against: order.replacesAll ? [] : present.agencies)
            let difference = DirectoryDifference(
                from: present.agencies, to: agencies, replacingAll: order.replacesAll)
            let answer = Response.json(difference.json(isDryRun: order.isDryRun))
            if order.isDryRun || difference.items.isEmpty { return exchange.respond(answer) }
            let change = Change.putAgencies(difference.put, retire: .these(difference.retired))
            hub.changeDirectory(change) { result in
                switch result {
                case .success: exchange.respond(answer)
                case .failure(let rejection): exchange.refuse(rejection)
                }
            }
        } catch let error as DirectoryFileError {
            exchange.refuse(Rejection(.badRequest, "Danh bạ sai ở \(error)."))
        } catch {
            exchange.refuse(error as? Rejection ?? Rejection(.badRequest, "Danh bạ sai."))
        }
    }

    /// One code, one agency, over what is there and what comes.
    private static func checkAliases(_ coming: [Agency], against present: [Agency]) throws {
        let replaced = Set(coming.map(\.code))
        var owner: [AgencyCode: AgencyCode] = [:]
        for agency in present where !replaced.contains(agency.code) {
            for code in agency.claimedCodes { owner[code] = agency.code }
        }
        for agency in coming {
            for code in agency.claimedCodes {
                guard let other = owner[code] else { continue }
                throw Rejection(.badRequest, "Mã \(code) của \(agency.code) đã thuộc cơ quan \(other).")
            }
        }
    }

    private func changeCertificate(
        _ request: RequestHead, _ path: [String], _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard let use = CertificateUse(rawValue: path[2]), let digest = Digest256(hex: path[3]) else {
            throw Rejection(
                .badRequest, "Cần …/certificates/transport|signing/<SHA-256 hex của chứng thư DER>.")
        }
        let agency = try known(path[0])
        guard request.method == "PUT" else {
            return change(
                .retireCertificate(agency: agency.code, use: use, certificate: digest), exchange)
        }
        if use == .transport, let other = hub.directory.caller(certificate: digest),
            other.agency?.code != agency.code
        {
            throw Rejection(.badRequest, "Chứng thư này đã được đăng ký cho bên khác.")
        }
        bind(.bindCertificate(agency: agency.code, use: use, certificate: digest), digest, request, exchange)
    }

    /// The body may be the certificate itself, so that the hub can ask for its revocation and warn of its
    /// end before it has signed anything.
    private func bind(
        _ change: Change, _ digest: Digest256, _ request: RequestHead, _ exchange: HTTPExchange
    ) {
        guard request.hasBody else { return self.change(change, exchange) }
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: Self.certificateBytesMax, exchange: exchange) { bytes in
                // A body in chunks may turn out to be empty.
                if bytes.isEmpty { return Self.change(change, hub, exchange) }
                let found = (try? Certificate.all(in: bytes)) ?? []
                guard let certificate = found.first(where: { $0.sha256 == digest }) else {
                    return exchange.refuse(
                        Rejection(.badRequest, "Thân yêu cầu không phải chứng thư có vân tay \(digest.hex)."))
                }
                Self.change(change, hub, exchange, keeping: [certificate])
            })
    }

    private func change(_ change: Change, _ exchange: HTTPExchange) {
        Self.change(change, hub, exchange)
    }

    private static func change(
        _ change: Change, _ hub: Hub, _ exchange: HTTPExchange, keeping certificates: [Certificate] = []
    ) {
        hub.changeDirectory(change) { result in
            switch result {
            case .success:
                if !certificates.isEmpty { hub.keep(certificates) }
                exchange.respond(
                    .json(JSONWriter.object { $0.member("agencies", hub.directory.agencies.count) }))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }
}

/// What `PUT /v1/agencies` is asked to do, besides taking the agencies of its body.
private struct DirectoryImport: Sendable {
    /// `replace=1`: agencies that the body does not name are retired.
    let replacesAll: Bool
    /// `keep=trust`: certificates, policies and rights of known agencies stay as they are.
    let keepsTrust: Bool
    /// `dryRun=1`: only tell what would change.
    let isDryRun: Bool

    init(_ request: RequestHead) {
        replacesAll = request.target.value(of: "replace") == "1"
        keepsTrust = request.target.value(of: "keep") == "trust"
        isDryRun = request.target.value(of: "dryRun") == "1"
    }
}
