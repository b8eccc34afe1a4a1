internal import Exchange
internal import Hub
internal import JSON
internal import Storage
internal import Transport

/// `updateStatus`: what the caller's software says about one copy. `done` and `fail` end it, for that one id.
struct StatusOperation {
    let hub: Hub

    private static let reasonCharactersMax = 500

    func perform(_ caller: VXPCaller, _ exchange: VXPExchange) throws(VXPFailure) {
        // The other way round than for fetching: who uses `docid` here always sets it, and its `docId` is
        // what an earlier fetch left behind; who does not never sets it.
        guard let asked = caller.parameters.text("docid") ?? caller.parameters.text("docId") else {
            throw VXPFailure(.badDocument, "thieu docid")
        }
        let conclusion: Conclusion?
        switch caller.parameters.text("status")?.lowercased() {
        case "initial": conclusion = nil
        case "processing": conclusion = .begun
        case "done": conclusion = .taken
        case "fail":
            let reason = caller.parameters.text("description").map {
                String($0.prefix(Self.reasonCharactersMax))
            }
            conclusion = .failed(reason: reason)
        default: throw VXPFailure(.badDocument, "status phai la initial, processing, done hoac fail")
        }
        let recipient = caller.agency.code
        let isTaken = hub.runBlocking(for: exchange.http.peer.party) { [hub] in
            do throws(StorageError) {
                guard let copy = try CopyLookup.find(asked, for: recipient, hub) else {
                    return exchange.fail(CopyLookup.unknown)
                }
                guard let conclusion else { return exchange.respond(Reply.success()) }
                hub.conclude(copy.id, by: recipient, conclusion) { result in
                    switch result {
                    case .success: exchange.respond(Reply.success())
                    case .failure(let rejection): exchange.fail(VXPFailure(rejection))
                    }
                }
            } catch {
                exchange.fail(VXPFailure(.system, "truc chua doc duoc du lieu, hay thu lai sau"))
            }
        }
        if !isTaken { exchange.fail(VXPFailure(Rejection.overloaded)) }
    }
}
