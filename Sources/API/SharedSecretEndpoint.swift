internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Transport

/// `/v1/agencies/{code}/vxp-secrets` and `/vxp-addresses`, for operators: how an agency's software that signs
/// its requests with a secret is known.
struct SharedSecretEndpoint {
    let hub: Hub

    private static let bodyBytesMax = 64 << 10
    private static let blocksMax = 256

    /// - Parameter path: behind the agency's code.
    func handle(
        _ method: String, _ path: [String], _ agency: Agency, _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard let secrets = hub.sharedSecrets else {
            throw Rejection(
                .notFound, "Trục này chưa mở cổng VXP (listen.vxp trong cấu hình).")
        }
        switch (method, path.first, path.count) {
        case ("GET", "vxp-secrets", 1): list(secrets.secrets(of: agency.code), agency, exchange)
        case ("POST", "vxp-secrets", 1): issue(agency, exchange)
        case ("DELETE", "vxp-secrets", 2): revoke(path[1], agency, exchange)
        case ("GET", "vxp-addresses", 1):
            exchange.respond(.json(Self.json(secrets.addresses(of: agency.code), agency.code)))
        case ("PUT", "vxp-addresses", 1): putAddresses(agency, exchange)
        default: throw Rejection(.methodNotAllowed, "Địa chỉ này không nhận phương thức HTTP đã dùng.")
        }
    }

    /// Names and dates; a secret is shown once, when it is made.
    private func list(_ secrets: [SharedSecrets.Secret], _ agency: Agency, _ exchange: HTTPExchange) {
        exchange.respond(
            .json(
                JSONWriter.object { writer in
                    writer.member("agency", agency.code)
                    writer.name("secrets")
                    writer.array(secrets) { writer, secret in
                        writer.object { object in
                            object.member("name", secret.name)
                            object.member("madeAt", secret.madeAt)
                            object.member("isReadable", secret.bytes != nil)
                        }
                    }
                }))
    }

    /// The body is empty, or `{"secret": "…"}` with one that the agency's software has already.
    private func issue(_ agency: Agency, _ exchange: HTTPExchange) {
        let (hub, code) = (hub, agency.code)
        exchange.receiveBody(
            SmallBody(bytesMax: Self.bodyBytesMax, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let brought = try Self.secret(in: bytes)
                    hub.issueSecret(for: code, brought) { result in
                        switch result {
                        case .success(let issued):
                            exchange.respond(Self.answer(issued, code, wasMade: brought == nil))
                        case .failure(let rejection): exchange.refuse(rejection)
                        }
                    }
                } catch {
                    exchange.refuse(error)
                }
            })
    }

    private static func answer(
        _ issued: (name: String, secret: [UInt8]), _ code: AgencyCode, wasMade: Bool
    ) -> Response {
        .json(
            JSONWriter.object { writer in
                writer.member("agency", code)
                writer.member("name", issued.name)
                if wasMade { writer.member("secret", String(decoding: issued.secret, as: UTF8.self)) }
            }, status: 201, fields: ["Cache-Control": "no-store"])
    }

    private static func secret(in bytes: [UInt8]) throws(Rejection) -> [UInt8]? {
        if bytes.isEmpty { return nil }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw Rejection(.badRequest, "Nội dung không phải JSON: dòng \(error.line).")
        }
        guard let member = value["secret"] else { return nil }
        let range = SharedSecrets.byteCounts
        guard let text = member.string, range.contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Rejection(
                .badRequest,
                "\"secret\" phải gồm \(range.lowerBound) đến \(range.upperBound) ký tự ASCII thấy được, "
                    + "không có dấu cách.")
        }
        return Array(text.utf8)
    }

    private func revoke(_ name: String, _ agency: Agency, _ exchange: HTTPExchange) {
        hub.revokeSecret(name, of: agency.code) { result in
            switch result {
            case .success:
                exchange.respond(
                    .json(
                        JSONWriter.object { writer in
                            writer.member("agency", agency.code)
                            writer.member("revoked", name)
                        }))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
    }

    /// The body is `{"addresses": ["10.20.0.0/16", …]}`; an empty list lets the software call from anywhere.
    private func putAddresses(_ agency: Agency, _ exchange: HTTPExchange) {
        let (hub, code) = (hub, agency.code)
        exchange.receiveBody(
            SmallBody(bytesMax: Self.bodyBytesMax, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let blocks = try Self.blocks(in: bytes)
                    hub.putSourceAddresses(blocks, of: code) { result in
                        switch result {
                        case .success: exchange.respond(.json(Self.json(blocks, code)))
                        case .failure(let rejection): exchange.refuse(rejection)
                        }
                    }
                } catch {
                    exchange.refuse(error)
                }
            })
    }

    private static func blocks(in bytes: [UInt8]) throws(Rejection) -> [AddressBlock] {
        guard let list = (try? JSONReader.read(bytes))?["addresses"]?.array, list.count <= blocksMax else {
            throw Rejection(
                .badRequest, "Cần {\"addresses\": […]} với nhiều nhất \(blocksMax) địa chỉ hoặc dải địa chỉ.")
        }
        var blocks: [AddressBlock] = []
        for item in list {
            guard let text = item.string, let block = AddressBlock(text) else {
                throw Rejection(
                    .badRequest,
                    "\(item.string ?? "…") không phải địa chỉ IP hay dải địa chỉ như 10.20.0.0/16.")
            }
            blocks.append(block)
        }
        return blocks
    }

    private static func json(_ blocks: [AddressBlock], _ code: AgencyCode) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("agency", code)
            writer.name("addresses")
            writer.array(blocks) { $0.string($1.description) }
        }
    }
}
