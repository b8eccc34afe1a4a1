package import Exchange
internal import HTTP
internal import OpenSSL
package import Transport

/// Asks one source once and believes nothing of the answer that the known authorities did not sign.
package struct RevocationFetcher: Sendable {
    /// Clocks differ.
    private static let skewSeconds: Int64 = 300

    private let fetch: Fetch
    private let limits: Fetch.Limits
    private let now: @Sendable () -> Instant

    package init(fetch: Fetch, settings: FetchSettings, now: @escaping @Sendable () -> Instant) {
        self.fetch = fetch
        limits = Fetch.Limits(secondsMax: Double(settings.timeoutSeconds), bytesMax: settings.bytesMax)
        self.now = now
    }

    struct Got: Sendable {
        /// Nil where the server says that nothing changed.
        let item: FetchedItem?
        let validator: FetchSchedule.Validator
    }

    /// Blocks until the server has answered or the time is over.
    ///
    /// - Parameter authorities: whose signatures count, anchors and intermediates.
    func list(
        at url: HTTPURL, _ validator: FetchSchedule.Validator, authorities: [Certificate]
    ) throws(FetchFailure) -> Got {
        var fields: Fields = ["Accept": "application/pkix-crl, */*"]
        if let tag = validator.entityTag { fields.set("If-None-Match", tag) }
        if let time = validator.lastModified { fields.set("If-Modified-Since", time) }
        let answer = try asking { () throws(ClientError) in
            try fetch.get(url, fields: fields, limits: limits)
        }
        if answer.head.status == 304 { return Got(item: nil, validator: validator) }
        guard answer.head.status == 200 else { throw .status(answer.head.status) }
        let list: CertificateList
        do {
            let lists = try CertificateList.all(in: answer.bytes)
            guard lists.count == 1 else {
                throw OpenSSLError("reading a CRL", reasons: ["\(lists.count) in it"])
            }
            list = lists[0]
        } catch {
            throw .unreadable("\(error)")
        }
        guard authorities.contains(where: list.isSigned(by:)) else { throw .notAuthentic }
        let item = FetchedItem.list(list)
        try checkTime(of: item)
        return Got(
            item: item,
            validator: .init(
                entityTag: answer.head.fields["ETag"], lastModified: answer.head.fields["Last-Modified"]))
    }

    /// The same for what a responder says about one certificate.
    func status(
        of certificate: Certificate, issuer: Certificate, at url: HTTPURL, authorities: [Certificate]
    ) throws(FetchFailure) -> Got {
        let request: OCSPRequest
        do {
            request = try OCSPRequest(for: certificate, issuer: issuer)
        } catch {
            throw .unreadable("\(error)")
        }
        let answer = try asking { () throws(ClientError) in
            try fetch.post(
                request.der, type: "application/ocsp-request", to: url,
                fields: ["Accept": "application/ocsp-response"], limits: limits)
        }
        guard answer.head.status == 200 else { throw .status(answer.head.status) }
        let response: OCSPResponse
        do {
            response = try OCSPResponse(der: answer.bytes)
        } catch {
            throw .unreadable("\(error)")
        }
        guard request.answer(response) == .answered else { throw .notAuthentic }
        let item = FetchedItem.response(response, about: certificate)
        try checkTime(of: item)
        // Alone, so that nothing else can answer in its place.
        let trust = TrustStore(
            certificates: authorities, revocation: RevocationData(responses: [response]), now: now)
        switch trust.validate(certificate, purpose: .any, at: now()).signerRevocation {
        case .good, .revoked, .unknown(.onHold): break
        case .unknown: throw .notAuthentic
        }
        return Got(item: item, validator: .init())
    }

    private func asking(
        _ body: () throws(ClientError) -> Fetch.Answer
    ) throws(FetchFailure) -> Fetch.Answer {
        do throws(ClientError) {
            return try body()
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private func checkTime(of item: FetchedItem) throws(FetchFailure) {
        guard let thisUpdate = item.thisUpdate else { throw .notAuthentic }
        if thisUpdate > now().adding(seconds: Self.skewSeconds) { throw .fromTheFuture }
        if let nextUpdate = item.nextUpdate, nextUpdate < now() { throw .stale }
    }
}
