package import Exchange
package import HTTP
internal import JSON
package import Transport

extension Rejection {
    /// After so many the sender's software has enough to mend.
    private static let findingsMax = 50

    /// RFC 9457: an English title and a stable code for software, a Vietnamese detail for people, and for a
    /// bad letter every mistake with its place.
    package func response(requestID: String) -> Response {
        let body = JSONWriter.object { writer in
            writer.member("type", "urn:lienthong:error:\(code.rawValue)")
            writer.member("title", code.title)
            writer.member("status", code.status)
            writer.member("code", code.rawValue)
            writer.member("detail", detail)
            writer.member("requestId", requestID)
            guard !findings.isEmpty else { return }
            writer.name("errors")
            writer.array(findings.prefix(Self.findingsMax)) { writer, finding in
                writer.object { error in
                    error.member("path", finding.path)
                    error.member("line", finding.line)
                    error.member("column", finding.column)
                    error.member("code", finding.code.rawValue)
                    error.member("detail", finding.detail)
                }
            }
        }
        var fields: Fields = ["Content-Type": "application/problem+json", "Cache-Control": "no-store"]
        if case .retry(let seconds) = remedy { fields.append("Retry-After", String(seconds)) }
        // RFC 9110 section 15.5.2 wants a challenge; none is registered for client certificates.
        if code.status == 401 { fields.append("WWW-Authenticate", "Certificate realm=\"lienthong\"") }
        return Response(head: ResponseHead(status: code.status, fields: fields), body: .bytes(body))
    }
}

extension RejectionCode {
    /// The HTTP status that goes with the code.
    package var status: Int {
        switch self {
        case .badRequest, .malformedXML, .encodingNotUTF8, .doctypeForbidden, .xmlTooDeep, .xmlTooLarge: 400
        case .unknownCaller: 401
        case .forbidden, .notYourAgency, .agencyNotActive, .targetNotYours, .webhooksForbidden: 403
        case .notFound, .deliveryNotFound: 404
        case .methodNotAllowed: 405
        case .documentConflict, .documentReserialized, .leaseStale, .uploadConflict, .deliveryNotDead,
            .deliveryReturned, .deliveryWithdrawn, .deadLetterNotReturnable, .legalHold, .tooManyWebhooks:
            409
        case .tooLarge: 413
        case .unsupportedMediaType: 415
        case .rangeNotSatisfiable: 416
        case .payloadPurged: 410
        case .tooManyRequests: 429
        case .overloaded, .storageUnavailable, .stopping, .revocationUnknown: 503
        case .storageFull: 507
        default: 422
        }
    }

    /// English, for software's logs.
    package var title: String {
        rawValue.split(separator: "_").joined(separator: " ").capitalizedFirst
    }
}

extension String {
    fileprivate var capitalizedFirst: String {
        prefix(1).uppercased() + dropFirst()
    }
}

extension Response {
    package static func json(_ bytes: [UInt8], status: Int = 200, fields: Fields = [:]) -> Response {
        var fields = fields
        fields.append("Content-Type", "application/json")
        fields.append("Cache-Control", "no-store")
        return Response(head: ResponseHead(status: status, fields: fields), body: .bytes(bytes))
    }
}

extension HTTPExchange {
    package func refuse(_ rejection: Rejection) {
        respond(rejection.response(requestID: requestID))
    }
}
