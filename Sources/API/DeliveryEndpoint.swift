internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `POST /v1/deliveries/{id}/acknowledge|release|extend`: what the holder of a lease can do.
struct DeliveryEndpoint {
    let hub: Hub

    func handle(
        _ identifier: String, _ verb: String, _ caller: Caller, _ exchange: HTTPExchange
    ) throws(Rejection) {
        guard let agency = caller.agency else { throw .forbidden }
        guard let delivery = Int64(identifier), delivery > 0,
            ["acknowledge", "release", "extend"].contains(verb)
        else { throw .notFound }
        let hub = hub
        exchange.receiveBody(
            SmallBody(bytesMax: 4096, exchange: exchange) { bytes in
                do throws(Rejection) {
                    let order = try LeaseOrder(bytes, secondsMax: hub.options.leaseSecondsMax)
                    Self.carry(out: verb, order, on: delivery, by: agency.code, hub, exchange)
                } catch {
                    exchange.refuse(error)
                }
            })
    }

    private static func carry(
        out verb: String, _ order: LeaseOrder, on delivery: Int64, by recipient: AgencyCode, _ hub: Hub,
        _ exchange: HTTPExchange
    ) {
        let answer: Hub.DeliveryAnswer = { result in
            switch result {
            case .success(let outcome): exchange.respond(.json(json(outcome, delivery)))
            case .failure(let rejection): exchange.refuse(rejection)
            }
        }
        switch verb {
        case "acknowledge": hub.acknowledge(delivery, by: recipient, token: order.token, answer)
        case "release":
            hub.release(delivery, by: recipient, token: order.token, reason: order.reason, answer)
        default:
            let seconds = order.seconds ?? hub.options.leaseSecondsDefault
            hub.extend(delivery, by: recipient, token: order.token, seconds: seconds, answer)
        }
    }

    private static func json(_ outcome: Outcome, _ delivery: Int64) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("deliveryId", String(delivery))
            switch outcome {
            case .acknowledged: writer.member("state", DeliveryState.delivered.rawValue)
            case .released(let isDead):
                writer.member("state", (isDead ? DeliveryState.dead : .queued).rawValue)
            case .extended(let until):
                writer.member("state", DeliveryState.leased.rawValue)
                writer.member("leasedUntil", until)
            default: preconditionFailure("a lease order gave another outcome")
            }
        }
    }
}

/// The body of such a call: `{"lease": "…", "reason": "…", "seconds": 60}`.
private struct LeaseOrder {
    let token: LeaseToken
    let reason: String?
    let seconds: Int?

    private static let reasonBytesMax = 500

    init(_ bytes: [UInt8], secondsMax: Int) throws(Rejection) {
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw Rejection(
                .badRequest, "Nội dung không phải JSON: dòng \(error.line).", internalDetail: error.message)
        }
        guard let token = value["lease"]?.string.flatMap({ LeaseToken($0) }) else {
            throw Rejection(.badRequest, "Thiếu \"lease\": mã giữ nhận được từ hộp đến (32 chữ số hex).")
        }
        self.token = token
        if let reason = value["reason"], !reason.isNull {
            guard let text = reason.string, text.utf8.count <= Self.reasonBytesMax else {
                throw Rejection(
                    .badRequest, "\"reason\" phải là chuỗi không quá \(Self.reasonBytesMax) byte.")
            }
            self.reason = text
        } else {
            reason = nil
        }
        if let seconds = value["seconds"], !seconds.isNull {
            guard let number = seconds.integer, (1...Int64(secondsMax)).contains(number) else {
                throw Rejection(.badRequest, "\"seconds\" phải là số nguyên từ 1 đến \(secondsMax).")
            }
            self.seconds = Int(number)
        } else {
            seconds = nil
        }
    }
}

/// Collects a body that must be small, then hands it over whole.
final class SmallBody: BodyConsumer {
    private let bytesMax: Int
    private let exchange: HTTPExchange
    private let completion: ([UInt8]) -> Void
    private var bytes: [UInt8] = []
    private var isRefused = false

    init(bytesMax: Int, exchange: HTTPExchange, _ completion: @escaping ([UInt8]) -> Void) {
        self.bytesMax = bytesMax
        self.exchange = exchange
        self.completion = completion
    }

    func receive(_ piece: Span<UInt8>) {
        guard !isRefused else { return }
        guard bytes.count + piece.count <= bytesMax else {
            isRefused = true
            return exchange.refuse(Rejection(.tooLarge, "Nội dung lớn hơn \(bytesMax) byte."))
        }
        unsafe piece.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    func end() {
        if !isRefused { completion(bytes) }
    }

    func abort() {}
}
