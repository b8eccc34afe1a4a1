internal import Exchange
package import HTTP
package import Hub
internal import Storage
package import Transport

/// The hub as existing agency software speaks to it, over the protocol of the vendor's Java library; see
/// `docs/vxp.md`. New here? `handle`, then the operation.
///
/// A body is always read to its end before the answer: the library waits three seconds for "100 Continue"
/// where nobody takes its body, and sends a letter again where the connection ends under it.
package struct VXPFront: RequestHandler {
    let hub: Hub
    private let lists: AgencyLists

    /// What the library sends beside letters is two bytes, or one agency's data.
    private static let smallBodyBytesMax = 64 << 10

    package init(hub: Hub) {
        self.hub = hub
        lists = AgencyLists(hub: hub)
    }

    package func handle(_ request: RequestHead, on exchange: HTTPExchange) {
        hub.metrics.vxpRequests.add()
        let operation = Operation(request.target)
        let exchange = VXPExchange(exchange, operation, hub)
        do throws(VXPFailure) {
            guard let operation else { throw VXPFailure(.system, "khong co thao tac \(request.target.path)") }
            guard operation.allows(method: request.method) else {
                throw VXPFailure(.system, "\(operation.rawValue) phai goi bang POST")
            }
            guard operation != .downloadEdoc2 else {
                throw VXPFailure(.badCredential, "downloadEdoc2 khong mang thong tin xac thuc")
            }
            let caller = try VXPCaller(request, exchange.http.peer, hub)
            if operation == .sendEdoc {
                exchange.http.receiveBody(
                    try SendOperation(caller, request, exchange).consumer(hub))
            } else {
                exchange.http.receiveBody(
                    WholeBody(bytesMax: Self.smallBodyBytesMax, exchange) {
                        perform(operation, caller, exchange)
                    })
            }
        } catch {
            // A letter's body is read to its end even now: the library does not look for answers earlier.
            let bytesMax = operation == .sendEdoc ? hub.options.letterBytesMax : Int64(Self.smallBodyBytesMax)
            exchange.http.receiveBody(
                WholeBody(bytesMax: Int(clamping: bytesMax), exchange) { [error] in
                    exchange.fail(error)
                })
        }
    }

    package func refusal(_ status: Int, _ reason: String, method: String?, requestID: String) -> Response {
        hub.metrics.vxpRefused.add()
        let text =
            switch status {
            case 408: "yeu cau den qua cham, kiem tra duong truyen roi gui lai"
            case 413: "tep lon hon gioi han \(hub.options.letterBytesMax) byte cua truc"
            case 414, 431: "phan dau (header) cua yeu cau qua dai: moi yeu cau toi da 256 KiB"
            default:
                "yeu cau HTTP khong dung chuan (\(reason)); tham so trong header chi dung ky tu ASCII, "
                    + "vi du filePath khong dau"
            }
        // Only files are asked for by GET, and what answers such a request would be stored as one.
        return Reply.failure(
            VXPFailure(status == 400 ? .badCredential : .badDocument, text),
            of: method == "GET" ? .downloadEdoc : nil)
    }

    private func perform(_ operation: Operation, _ caller: VXPCaller, _ exchange: VXPExchange) {
        do throws(VXPFailure) {
            switch operation {
            case .getAgenciesList, .getAgenciesListQD20, .getSynchronizeUnit:
                lists.answer(operation, exchange)
            case .registerAgency, .deleteAgency:
                throw VXPFailure(.system, "danh ba do quan tri truc quan ly, lien he quan tri de thay doi")
            case .getReceivedEdocList: try ListOperations(hub: hub).received(caller, exchange)
            case .getSentEdocList: try ListOperations(hub: hub).sent(caller, exchange)
            case .countReceiveEdoc: ListOperations(hub: hub).count(.letter, caller, exchange)
            case .countReceiveStatus: ListOperations(hub: hub).count(.status, caller, exchange)
            case .getEdoc, .downloadEdoc: try FetchOperation(hub: hub).answer(operation, caller, exchange)
            case .updateStatus: try StatusOperation(hub: hub).perform(caller, exchange)
            case .sendEdoc, .downloadEdoc2: throw VXPFailure(.system, "khong co thao tac nay")
            }
        } catch {
            exchange.fail(error)
        }
    }
}

/// One request, its operation, and the way back to its caller.
struct VXPExchange: Sendable {
    let http: HTTPExchange
    let operation: Operation?
    private let hub: Hub

    init(_ http: HTTPExchange, _ operation: Operation?, _ hub: Hub) {
        self.http = http
        self.operation = operation
        self.hub = hub
    }

    func respond(_ response: Response) { http.respond(response) }

    func fail(_ failure: VXPFailure) {
        hub.metrics.vxpRefused.add()
        hub.log.write(
            .warning, "vxp_refused",
            [
                ("requestId", .text(http.requestID)), ("operation", .text(operation?.rawValue ?? "")),
                ("address", .text(http.peer.address)), ("code", .number(Int64(failure.code.rawValue))),
                ("cause", .text(failure.text)),
            ])
        http.respond(Reply.failure(failure, of: operation))
    }

    /// Answers what needs the database, off the reactor.
    func answer(_ body: @escaping @Sendable (Hub) throws(StorageError) -> Result<Response, VXPFailure>) {
        let isTaken = hub.runBlocking(for: http.peer.party) { [self] in
            do throws(StorageError) {
                switch try body(hub) {
                case .success(let response): respond(response)
                case .failure(let failure): fail(failure)
                }
            } catch {
                hub.log.write(
                    .error, "read_failed",
                    [("requestId", .text(http.requestID)), ("cause", .text(error.message))])
                fail(VXPFailure(.system, "truc chua doc duoc du lieu, hay thu lai sau"))
            }
        }
        if !isTaken { fail(VXPFailure(Rejection.overloaded)) }
    }
}

/// Reads a body to its end, throws it away, and only then goes on.
final class WholeBody: BodyConsumer {
    private let bytesMax: Int
    private let exchange: VXPExchange
    private let completion: () -> Void
    private var byteCount = 0
    private var isRefused = false

    init(bytesMax: Int, _ exchange: VXPExchange, _ completion: @escaping () -> Void) {
        self.bytesMax = bytesMax
        self.exchange = exchange
        self.completion = completion
    }

    func receive(_ piece: Span<UInt8>) {
        guard !isRefused else { return }
        byteCount += piece.count
        if byteCount > bytesMax {
            isRefused = true
            exchange.fail(VXPFailure(.badDocument, "noi dung lon hon \(bytesMax) byte"))
        }
    }

    func end() {
        if !isRefused { completion() }
    }

    func abort() {}
}
