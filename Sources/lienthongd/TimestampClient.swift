internal import HTTP
internal import Hub
internal import OpenSSL
internal import Signature
internal import Transport

extension TimestampAuthority {
    private static let secondsMax = 15.0
    private static let answerBytesMax = 256 << 10

    /// The authority that the configuration names, asked over HTTP as RFC 3161 section 3.4 says. The token
    /// is what is trusted, not the way that it came.
    init(_ configured: Configuration.Timestamp, crls: [String]) throws {
        let url: HTTPURL
        let fetch: Fetch
        let trust: TrustStore
        do {
            url = try HTTPURL(configured.url)
            fetch = try Fetch(
                tls: configured.tlsAnchors.isEmpty
                    ? nil : try TLSContext(clientAnchors: configured.tlsAnchors))
            trust = try TrustStore(anchors: configured.anchors, crls: crls)
        } catch {
            throw MaterialError(description: "cấu hình dấu thời gian (timestamp) không dùng được: \(error)")
        }
        self.init(
            verifier: SignatureVerifier(trust: trust, algorithms: AlgorithmPolicy()),
            intervalSeconds: configured.intervalSeconds,
            ask: { query in
                let answer = try fetch.post(
                    query, type: TimestampExchange.requestType, to: url,
                    limits: Fetch.Limits(secondsMax: Self.secondsMax, bytesMax: Self.answerBytesMax))
                guard answer.head.status == 200 else {
                    throw TimestampRefusal("the authority answered with HTTP status \(answer.head.status)")
                }
                return answer.bytes
            }, stop: { fetch.stop() })
    }
}
