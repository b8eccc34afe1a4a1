internal import AuditLog
internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `GET /v1/agencies` for everybody; changes of the directory for operators.
struct AgencyEndpoint {
    let hub: Hub

    private static let importBytesMax = 64 << 20

    func handle(
        _ request: RequestHead, _ path: [String], _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        switch (request.method, path.count) {
        case ("GET", 0), ("HEAD", 0): try list(request, exchange)
        case ("GET", 1), ("HEAD", 1):
            guard let agency = hub.directory.agency(ExactString(path[0])) else { throw .notFound }
            exchange.respond(.json(JSONWriter.object { Self.write(agency, into: &$0) }))
        case ("PUT", 0):
            try requireOperator(caller)
            importAgencies(exchange, replacingAll: request.target.value(of: "replace") == "1")
        case ("POST", 2) where path[1] == "retire":
            try requireOperator(caller)
            change(.retireAgency(try known(path[0]).code), exchange)
        case ("PUT", 4) where path[1] == "certificates", ("DELETE", 4) where path[1] == "certificates":
            try requireOperator(caller)
            try changeCertificate(request.method, path, exchange)
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
                        writer.object { Self.write(agency, into: &$0) }
                    }
                }))
    }

    /// What every participant may know of another; certificates and policy are the operator's business.
    private static func write(_ agency: Agency, into object: inout JSONWriter) {
        object.member("code", agency.code)
        object.member("name", agency.name)
        object.name("aliases")
        object.array(agency.aliases) { $0.string($1.string) }
        if let parent = agency.parent { object.member("parent", parent) }
        object.member("level", agency.level)
        object.member("status", agency.status.rawValue)
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
    /// callers.
    private func importAgencies(_ exchange: HTTPExchange, replacingAll: Bool) {
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: Self.importBytesMax, exchange: exchange) { bytes in
                do {
                    let file = try DirectoryFile(bytes) { _ throws(CertificateFileError) in
                        throw CertificateFileError("chỉ nhận sha256:<hex> qua API")
                    }
                    try Self.checkAliases(file.agencies, against: replacingAll ? [] : hub.directory.agencies)
                    Self.change(.putAgencies(file.agencies, replaceAll: replacingAll), hub, exchange)
                } catch let error as DirectoryFileError {
                    exchange.refuse(Rejection(.badRequest, "Danh bạ sai ở \(error)."))
                } catch {
                    exchange.refuse(error as? Rejection ?? Rejection(.badRequest, "Danh bạ sai."))
                }
            })
    }

    /// One code, one agency, over what is there and what comes.
    private static func checkAliases(_ coming: [Agency], against present: [Agency]) throws {
        let replaced = Set(coming.map(\.code))
        var owner: [AgencyCode: AgencyCode] = [:]
        for agency in present where !replaced.contains(agency.code) {
            for code in [agency.code] + agency.aliases { owner[code] = agency.code }
        }
        for agency in coming {
            for code in [agency.code] + agency.aliases {
                guard let other = owner[code] else { continue }
                throw Rejection(.badRequest, "Mã \(code) của \(agency.code) đã thuộc cơ quan \(other).")
            }
        }
    }

    private func changeCertificate(
        _ method: String, _ path: [String], _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard let use = CertificateUse(rawValue: path[2]), let digest = Digest256(hex: path[3]) else {
            throw Rejection(
                .badRequest, "Cần …/certificates/transport|signing/<SHA-256 hex của chứng thư DER>.")
        }
        let agency = try known(path[0])
        if method == "PUT", use == .transport, let other = hub.directory.caller(certificate: digest),
            other.agency?.code != agency.code
        {
            throw Rejection(.badRequest, "Chứng thư này đã được đăng ký cho bên khác.")
        }
        change(
            method == "PUT"
                ? .bindCertificate(agency: agency.code, use: use, certificate: digest)
                : .retireCertificate(agency: agency.code, use: use, certificate: digest), exchange)
    }

    private func change(_ change: Change, _ exchange: HTTPExchange) {
        Self.change(change, hub, exchange)
    }

    private static func change(_ change: Change, _ hub: Hub, _ exchange: HTTPExchange) {
        hub.changeDirectory(change) { result in
            switch result {
            case .success:
                exchange.respond(
                    .json(JSONWriter.object { $0.member("agencies", hub.directory.agencies.count) }))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }
}
