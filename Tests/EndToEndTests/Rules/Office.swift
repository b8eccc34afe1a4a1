import Exchange
import Foundation
import JSON
import Testing
import Transport

/// One agency at a hub, as its software talks to it.
struct Office {
    let world: World
    let code: String
    let client: BlockingClient

    init(_ code: String, in world: World) throws {
        self.world = world
        self.code = code
        client = try world.client(code)
    }

    struct Letter {
        let key: String
        let documentID: String
        let bytes: [UInt8]
        let receipt: JSONValue
    }

    /// Composes, signs and sends; the hub must take it.
    func send(
        to recipients: [String], _ more: [String] = [], from sender: String? = nil
    ) throws -> Letter {
        let bytes = try world.bytes(
            try world.letter(from: sender ?? code, to: recipients, signer: code, more: more))
        let reply = try client.submit(bytes)
        try #require(reply.status == 201, "\(String(decoding: reply.bytes, as: UTF8.self))")
        return Letter(
            key: try #require(reply.json["documentKey"]?.string),
            documentID: try #require(reply.json["documentId"]?.string), bytes: bytes, receipt: reply.json)
    }

    /// What is refused, with its findings.
    func refusal(to recipients: [String], _ more: [String]) throws -> JSONValue {
        let reply = try client.submit(
            try world.bytes(try world.letter(from: code, to: recipients, more: more)))
        #expect(reply.status >= 400)
        return reply.json
    }

    @discardableResult
    func report(_ status: String, of key: String, _ more: [String] = []) throws -> Program.Result {
        let result = try world.run(["status", key, status, "--json"] + more, as: code)
        #expect(result.code == 0, "\(result.errors)")
        return result
    }

    /// Leases what waits.
    func lease() throws -> [JSONValue] {
        let inbox = try JSONReader.read(try client.get("/v1/inbox?limit=100&lease=60").bytes)
        return inbox["deliveries"]?.array ?? []
    }

    @discardableResult
    func settle(_ delivery: JSONValue, _ verb: String = "acknowledge") throws -> (
        status: Int, json: JSONValue
    ) {
        try client.post(
            "/v1/deliveries/\(delivery["deliveryId"]?.string ?? "")/\(verb)",
            "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}")
    }

    /// Takes everything that waits; what it was.
    @discardableResult
    func take() throws -> [JSONValue] {
        let deliveries = try lease()
        for delivery in deliveries { #expect(try settle(delivery).status == 200) }
        return deliveries
    }

    func content(_ key: String) throws -> (status: Int, bytes: [UInt8]) {
        let answer = try client.get("/v1/documents/\(key)/content")
        return (answer.status, answer.bytes)
    }

    func trail(_ key: String) throws -> JSONValue {
        try JSONReader.read(try client.get("/v1/documents/\(key)").bytes)
    }

    /// By recipient.
    func stages(_ key: String) throws -> [String: String] {
        var stages: [String: String] = [:]
        for delivery in try trail(key)["deliveries"]?.array ?? [] {
            stages[delivery["recipient"]?.string ?? ""] = delivery["stage"]?.string
        }
        return stages
    }

    /// `replacedBy KEY`
    func relations(_ key: String) throws -> [String] {
        (try trail(key)["relations"]?.array ?? []).map {
            "\($0["relation"]?.string ?? "") \($0["documentKey"]?.string ?? "")"
        }
    }
}

extension JSONValue {
    /// Of a problem's findings.
    var findings: [String] {
        (self["errors"]?.array ?? []).map {
            "\($0["code"]?.string ?? "") \($0["path"]?.string?.split(separator: "/").last ?? "")"
        }
    }
}
