internal import Exchange
internal import HTTP
internal import Hub
internal import JSON
internal import Synchronization
internal import Transport

/// The directory in its three forms. A country's has 125,000 agencies, so each form is written once for each
/// state of the directory.
final class AgencyLists: Sendable {
    private struct Written {
        let directory: Directory
        let response: Response
    }

    private let hub: Hub
    private let written = Mutex<[Operation: Written]>([:])

    init(hub: Hub) {
        self.hub = hub
    }

    func answer(_ operation: Operation, _ exchange: VXPExchange) {
        let directory = hub.directory
        if let known = written.withLock({ $0[operation] }), known.directory === directory {
            return exchange.respond(known.response)
        }
        exchange.answer { [self] _ in
            let response = Reply.success { writer in
                writer.name("data")
                writer.array { list in
                    for agency in directory.agencies where Self.shows(agency, operation) {
                        list.object { write(agency, operation, into: &$0) }
                    }
                }
            }
            written.withLock { $0[operation] = Written(directory: directory, response: response) }
            return .success(response)
        }
    }

    /// A client that synchronises has to learn who is gone; who picks a recipient must not see them.
    private static func shows(_ agency: Agency, _ operation: Operation) -> Bool {
        agency.status != .hidden && (operation == .getSynchronizeUnit || agency.status != .retired)
    }

    private func write(_ agency: Agency, _ operation: Operation, into object: inout JSONWriter) {
        let older = agency.aliases.first ?? agency.formerCode
        object.member("id", agency.code)
        switch operation {
        case .getAgenciesListQD20:
            object.member("code", agency.code)
            object.member("name", agency.name)
            object.member("mail", agency.contact.email)
            object.member("code102", older?.string ?? "")
        case .getSynchronizeUnit:
            object.member("pid", agency.parent?.string ?? "")
            object.member("code", agency.code)
            object.member("name", agency.name)
            object.member("mail", agency.contact.email)
            object.member("version", 1)
            object.member("centerCode", hub.options.hubCode)
            object.member("deleted", agency.status == .retired)
            object.member("isAgency", true)
            if let from = agency.effectiveFrom { object.member("modifyDate", from.vxpTime) }
        default:
            object.member("pid", agency.parent?.string ?? "")
            object.member("code", agency.code)
            object.member("name", agency.name)
            object.member("mail", agency.contact.email)
            object.member("oldCode", older?.string ?? "")
        }
    }
}
