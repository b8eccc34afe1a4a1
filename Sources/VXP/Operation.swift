internal import HTTP

/// What the library can ask; the last segment of the path, whatever an endpoint puts before it.
package enum Operation: String, Sendable, CaseIterable {
    case getAgenciesList, getAgenciesListQD20, getSynchronizeUnit, registerAgency, deleteAgency
    case sendEdoc, getReceivedEdocList, getSentEdocList, getEdoc, downloadEdoc, updateStatus
    case countReceiveEdoc, countReceiveStatus
    /// Sends no headers, so nobody can tell who asks.
    case downloadEdoc2

    /// The endpoint and the operation are put together with a slash, so two in a row are common.
    init?(_ target: RequestTarget) {
        guard let name = target.segments.last(where: { !$0.isEmpty }) else { return nil }
        self.init(rawValue: name)
    }

    /// The body of the answer is the document itself.
    var answersWithFile: Bool { self == .downloadEdoc || self == .downloadEdoc2 }

    /// Some lists are written as GET in the library and go out as POST; either does no harm where nothing
    /// changes.
    func allows(method: String) -> Bool {
        switch self {
        case .sendEdoc, .updateStatus, .registerAgency, .deleteAgency: method == "POST"
        default: method == "POST" || method == "GET"
        }
    }
}
