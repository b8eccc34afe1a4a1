internal import HTTP
internal import Hub
internal import OpenSSL
internal import Transport

extension WebhookSender {
    private static let secondsMax = 15.0
    private static let answerBytesMax = 64 << 10

    /// Pushes over HTTPS to where the configuration lets them go. The addresses that a name has at that
    /// moment are looked at, and one of these is connected to: a name that changes in between leads nowhere.
    init(_ configured: Configuration.Webhooks) throws {
        let fetch: Fetch
        do {
            fetch = try Fetch(
                tls: try TLSContext(clientAnchors: configured.tlsAnchors),
                mayConnect: { address in
                    address.isPublic || configured.allowedAddresses.contains { $0.contains(address) }
                })
        } catch {
            throw MaterialError(description: "webhooks.tlsAnchors không dùng được: \(error)")
        }
        let limits = Fetch.Limits(secondsMax: Self.secondsMax, bytesMax: Self.answerBytesMax)
        self.init(
            objection: { text in
                guard let url = try? HTTPURL(text), url.isTLS || configured.allowsPlainHTTP else {
                    return "Địa chỉ webhook phải có dạng https://máy/đường-dẫn."
                }
                return fetch.mayReach(url)
                    ? nil
                    : "Không tra được tên máy trong địa chỉ webhook, hoặc nó nằm trong mạng mà trục không "
                        + "được gửi tới."
            },
            push: { text, fields, body in
                let url = try HTTPURL(text)
                guard url.isTLS || configured.allowsPlainHTTP else {
                    throw WebhookRefusal(description: "plain http is not allowed any more")
                }
                var head: Fields = ["User-Agent": "lienthong/\(Hub.version)"]
                for (name, value) in fields { head.append(name, value) }
                return try fetch.post(body, type: "application/json", to: url, fields: head, limits: limits)
                    .head.status
            }, stop: { fetch.stop() })
    }
}

private struct WebhookRefusal: Error, CustomStringConvertible {
    let description: String
}
