internal import Exchange
internal import HTTP
internal import JSON
internal import OpenSSL
internal import Transport

/// An office whose software speaks VXP, as small as it can be; for the demo and the bench.
final class VXPOfficeClient {
    let systemID: String
    private let client: BlockingClient
    private let secret: [UInt8]

    private static let prefix = "XroadVnpt-"
    private static let timeoutSeconds = 60.0

    /// - Parameters:
    ///   - address: `host:port` of the hub's listener for VXP.
    ///   - anchor: a PEM file; what the JVM's trust store is to the real software.
    init(address: String, anchor: String, systemID: String, secret: String) throws {
        self.systemID = systemID
        self.secret = Array(secret.utf8)
        client = try BlockingClient(
            url: "https://\(address)", tls: try TLSContext(clientAnchors: [anchor]),
            timeoutSeconds: Self.timeoutSeconds)
    }

    func call(_ operation: String, _ parameters: [(String, String)] = []) throws -> JSONValue {
        try post(operation, parameters, type: "application/json", body: Array("{}".utf8))
    }

    /// The file and the two bytes that the library puts behind it.
    func send(_ file: [UInt8], type: String = "edoc") throws -> JSONValue {
        // Each byte without its leading zero, as the library writes a hash.
        let hash = SHA256.hash(file).bytes.map { String($0, radix: 16) }.joined()
        return try post(
            "sendEdoc",
            [("from", systemID), ("servicetype", "eDoc"), ("messagetype", type), ("hash-file", hash)],
            type: "application/octet-stream", body: file + [0x0D, 0x0A])
    }

    /// What waits.
    func list(_ type: String) throws -> [JSONValue] {
        try call("getReceivedEdocList", [("servicetype", "eDoc"), ("messagetype", type)])["data"]?.array ?? []
    }

    func fetch(_ docId: String) throws -> [UInt8] {
        let reply = try call("getEdoc", [("docId", docId)])
        return reply["data"]?.string.flatMap { Base64.decode($0) } ?? []
    }

    private func post(
        _ operation: String, _ parameters: [(String, String)], type: String, body: [UInt8]
    ) throws -> JSONValue {
        let all =
            [("systemid", systemID)] + parameters + [
                ("timestamp", "01012026T080000+0000"), ("Content-Type", type),
            ]
        let signed = JSONWriter.object { writer in
            for (name, value) in all { writer.member(Self.prefix + name, value) }
        }
        var fields: Fields = ["Content-Type": type]
        fields.append(Self.prefix + "sign-header", String(decoding: signed, as: UTF8.self))
        fields.append(
            Self.prefix + "hash-header",
            Hex.encode(MessageAuthentication.hmacSHA256(key: secret, signed)))
        do {
            let answer = try client.send("POST", "/\(operation)", fields: fields, body: .bytes(body))
            return try JSONReader.read(answer.bytes)
        } catch let error as JSONSyntaxError {
            throw CommandFailure(.unreachable, "\(operation): trả lời không phải JSON (\(error.message))")
        }
    }
}
