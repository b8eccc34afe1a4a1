package import HTTP

package enum ResponseBody: Sendable {
    case none
    case bytes([UInt8])
    /// Sent by sendfile, or in large pieces over TLS; never whole in memory.
    case file(FileSlice)

    package var byteCount: Int64 {
        switch self {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(let slice): slice.length
        }
    }
}

package struct Response: Sendable {
    /// Content-Length, Connection, Date and X-Request-ID are added by the server.
    package var head: ResponseHead
    /// For HEAD it gives the length and is not sent.
    package var body: ResponseBody

    package init(head: ResponseHead, body: ResponseBody = .none) {
        self.head = head
        self.body = body
    }

    package init(status: Int, contentType: String, _ bytes: [UInt8]) {
        head = ResponseHead(status: status, fields: ["Content-Type": contentType])
        body = .bytes(bytes)
    }

    /// RFC 9457, for what goes wrong before any handler sees a request.
    static func problem(_ status: Int, _ reason: String, requestID: String) -> Response {
        let detail =
            switch status {
            case 408: "Yêu cầu đến quá chậm; hãy kiểm tra đường truyền rồi gửi lại."
            case 413: "Nội dung vượt quá dung lượng cho phép."
            case 414, 431: "Địa chỉ hoặc phần đầu của yêu cầu quá dài."
            case 500: "Hệ thống gặp lỗi khi xử lý yêu cầu; hãy thử lại sau."
            case 503: "Hệ thống đang quá tải hoặc đang dừng; hãy thử lại sau."
            default: "Yêu cầu HTTP không đúng chuẩn."
            }
        let text =
            #"{"type":"urn:lienthong:error:bad_http","title":"\#(ResponseHead.reasonPhrase(status))","#
            + #""status":\#(status),"code":"bad_http","reason":"\#(reason)","detail":"\#(detail)","#
            + #""requestId":"\#(requestID)"}"#
        return Response(status: status, contentType: "application/problem+json", Array(text.utf8))
    }
}

/// Takes a request's body on the reactor's thread. Exactly one of `end` and `abort` is called, last.
package protocol BodyConsumer: AnyObject {
    /// Borrowed: the bytes are gone when the call returns.
    func receive(_ bytes: Span<UInt8>)
    func end()
    /// The peer went away, broke the protocol or was too slow, or a response was given before the end.
    func abort()
}

package protocol RequestHandler: Sendable {
    /// On the reactor's thread, when a request's header section is complete. Must not block.
    func handle(_ request: RequestHead, on exchange: HTTPExchange)

    /// On the reactor's thread: the answer to what is not HTTP, is too large or comes too slowly. Nothing of
    /// the body is read after it.
    ///
    /// - Parameters:
    ///   - reason: English, for people who look at the wire; holds nothing that the peer sent.
    ///   - method: nil where not even that could be read.
    ///   - requestID: as in `X-Request-ID`.
    func refusal(_ status: Int, _ reason: String, method: String?, requestID: String) -> Response
}

extension RequestHandler {
    package func refusal(_ status: Int, _ reason: String, method: String?, requestID: String) -> Response {
        .problem(status, reason, requestID: requestID)
    }
}
