import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `An agency that wants to be told` {
    private static func settings(_ more: String = "") -> String {
        """
        webhooks: { enabled: true, allowedAddresses: ["127.0.0.0/8"], tlsAnchors: "root.pem", \(more) },
        """
    }

    private func add(_ url: String, _ world: World, as agency: String) throws -> JSONValue {
        let added = try world.run(["webhook", "add", url, "--json"], as: agency)
        try #require(added.code == 0, "\(added.errors)")
        return try #require(added.json)
    }

    /// HMAC by OpenSSL's own command.
    private func signature(_ push: WebhookReceiver.Push, secret: String, _ world: World) throws -> String {
        let key = try #require(Base64.decode(String(secret.dropFirst("whsec_".count))))
        let (message, out) = (world.path("push.txt"), world.path("push.mac"))
        let signed = Array("\(push.identifier).\(push.timestamp).".utf8) + push.body
        try Data(signed).write(to: URL(fileURLWithPath: message))
        let made = try Child(
            "openssl",
            [
                "dgst", "-sha256", "-mac", "HMAC", "-macopt", "hexkey:\(Hex.encode(key))", "-binary", "-out",
                out, message,
            ])
        try #require(made.wait() == 0)
        return "v1,\(Base64.encode(try world.bytes(out)))"
    }

    @Test func `gets a signed push of each letter and status, without a word of them`() throws {
        let world = try World(settings: Self.settings())
        let receiver = try WebhookReceiver(world)
        defer { receiver.stop() }
        try world.start()
        let recipient = World.recipients[0]
        let hook = try add(receiver.url, world, as: recipient)
        let (id, secret) = (hook["id"]?.string ?? "", hook["secret"]?.string ?? "")
        #expect(secret.hasPrefix("whsec_"))
        #expect(try world.run(["webhook", "test", id], as: recipient).code == 0)
        let test = receiver.next()
        #expect(try JSONReader.read(test.body)["type"]?.string == "webhook.test")
        #expect(test.signature == (try signature(test, secret: secret, world)))

        let subject = "Việc rất riêng tư"
        let letter = try world.bytes(try world.letter(to: [recipient], subject: subject))
        let taken = try world.client(World.sender).submit(letter)
        let key = try #require(taken.json["documentKey"]?.string)
        let push = receiver.next()
        let event = try JSONReader.read(push.body)
        #expect(event["type"]?.string == "delivery.waiting")
        #expect(event["data"]?["documentKey"]?.string == key)
        #expect(event["data"]?["agency"]?.string == recipient)
        #expect(!String(decoding: push.body, as: UTF8.self).contains("riêng tư"))
        #expect(push.signature == (try signature(push, secret: secret, world)))
        #expect(push.identifier != test.identifier)
        // Sent again it is no news; the next push is the sender's status, to the sender.
        #expect(try world.client(World.sender).submit(letter).status == 200)
        let other = try WebhookReceiver(world)
        defer { other.stop() }
        _ = try add(other.url, world, as: World.sender)
        #expect(try world.run(["status", key, "03"], as: recipient).code == 0)
        #expect(try JSONReader.read(other.next().body)["type"]?.string == "status.arrived")

        // Nobody sees the secret again, and others see nothing.
        let listed = try world.client(recipient).get("/v1/webhooks")
        #expect(!String(decoding: listed.bytes, as: UTF8.self).contains(secret))
        #expect(try JSONReader.read(listed.bytes)["webhooks"]?.array?.count == 1)
        #expect(try world.client(World.sender).send("DELETE", "/v1/webhooks/\(id)").head.status == 404)
        #expect(try world.client("auditor").get("/v1/webhooks").status == 403)
        let all = try JSONReader.read(try world.client("operator").get("/v1/webhooks").bytes)
        #expect(all["webhooks"]?.array?.count == 2)
        #expect(try world.run(["webhook", "remove", id], as: recipient).code == 0)
    }

    @Test func `gets a push that failed again, after a restart of the hub too`() throws {
        let world = try World(settings: Self.settings())
        let receiver = try WebhookReceiver(world, status: 500)
        defer { receiver.stop() }
        try world.start()
        let recipient = World.recipients[0]
        let hook = try add(receiver.url, world, as: recipient)
        let letter = try world.bytes(try world.letter(to: [recipient]))
        #expect(try world.client(World.sender).submit(letter).status == 201)
        let first = receiver.next()
        receiver.status.withLock { $0 = 200 }
        world.kill()
        try world.start()
        // Not waited for until its time: an operator who mended it has it tried at once.
        #expect(try world.run(["webhook", "enable", hook["id"]?.string ?? ""], as: recipient).code == 0)
        let second = receiver.next()
        #expect(second.identifier == first.identifier && second.body == first.body)
    }

    @Test func `finds a notice in its inbox when its webhook is given up`() throws {
        let world = try World(settings: Self.settings())
        let receiver = try WebhookReceiver(world, status: 410)
        defer { receiver.stop() }
        try world.start()
        let recipient = World.recipients[0]
        let id = try add(receiver.url, world, as: recipient)["id"]?.string ?? ""
        #expect(try world.run(["webhook", "test", id], as: recipient).code == 0)
        _ = receiver.next()
        let client = try world.client(recipient)
        let told = try #require(
            try JSONReader.read(try client.get("/v1/inbox?wait=60").bytes)["deliveries"]?.array?.first)
        #expect(told["kind"]?.string == "notice")
        let key = told["documentKey"]?.string ?? ""
        let notice = try JSONReader.read(try client.get("/v1/documents/\(key)/content").bytes)
        #expect(notice["notice"]?.string == "webhook.disabled" && notice["webhook"]?.string == id)
        let listed = try JSONReader.read(try client.get("/v1/webhooks").bytes)["webhooks"]?.array?.first
        #expect(listed?["state"]?.string == "disabled")
        #expect(listed?["lastError"]?.string == "HTTP status 410")
    }

    @Test func `cannot make the hub talk to its own network`() throws {
        let world = try World(settings: "webhooks: { enabled: true, tlsAnchors: \"root.pem\" },")
        try world.start()
        let client = try world.client(World.sender)
        for url in [
            "https://127.0.0.1:8443/", "https://localhost/", "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://10.0.0.1/", "https://[::ffff:127.0.0.1]/", "http://127.0.0.1/", "ftp://127.0.0.1/",
            "https://no-such-host.invalid/", "https://user@127.0.0.1/", "x",
        ] {
            let refused = try client.post("/v1/webhooks", #"{"url":"\#(url)"}"#)
            #expect(refused.status == 422 && refused.json["code"]?.string == "webhook_url_refused", "\(url)")
        }
        #expect(try client.post("/v1/webhooks", #"{"url":7}"#).status == 400)
        #expect(try client.post("/v1/webhooks", #"{"url":"https://a/","events":["x"]}"#).status == 400)
    }

    @Test func `has no webhooks where the operator wants none`() throws {
        let world = try World()
        try world.start()
        let refused = try world.client(World.sender).post("/v1/webhooks", #"{"url":"https://a.vn/"}"#)
        #expect(refused.status == 403 && refused.json["code"]?.string == "webhooks_forbidden")
    }

    @Test func `hears of letters over an open connection, and what it missed`() throws {
        let world = try World()
        try world.start()
        let recipient = World.recipients[0]
        let listener = try EventListener(world, recipient)
        #expect(listener.wait(for: "event: ready").contains("id: "))
        let sender = try world.client(World.sender)
        func send() throws -> String {
            let taken = try sender.submit(try world.bytes(try world.letter(to: [recipient])))
            return try #require(taken.json["documentKey"]?.string)
        }
        let first = try send()
        #expect(listener.wait(for: first).contains("event: delivery.waiting"))
        let last = try #require(listener.lastID)
        listener.close()
        let second = try send()
        let again = try EventListener(world, recipient, lastEventID: last)
        let missed = again.wait(for: second)
        #expect(missed.contains(second) && !missed.contains(first))
        // The hub ends it when it stops, and knows no more after that.
        #expect(world.stop() == 0)
        #expect(!again.waitForEnd().contains("failed"))
        try world.start()
        let new = try EventListener(world, recipient, lastEventID: last)
        #expect(new.wait(for: "event: reset").contains("event: reset"))
        #expect(try world.client("operator").get("/v1/inbox/events").status == 403)
        new.close()
    }
}
