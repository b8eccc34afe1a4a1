import Exchange
import Foundation
import HTTP
import JSON
import Testing
import Transport

@Suite struct `A letter whose signer nobody can vouch for` {
    /// A hub with a stale list, and a letter that hangs on it.
    private func begin(_ policy: String) throws -> (World, OwnAuthority, letter: [UInt8]) {
        let world = try World()
        let authority = try OwnAuthority(in: world)
        try world.setUnknownRevocation(policy)
        try world.start()
        return (world, authority, try world.bytes(try world.letter(signer: authority.name)))
    }

    private func inbox(_ world: World, _ agency: String, wait: Int = 30) throws -> [JSONValue] {
        let answer = try world.client(agency).get("/v1/inbox?wait=\(wait)").bytes
        return try JSONReader.read(answer)["deliveries"]?.array ?? []
    }

    private func trail(_ world: World, _ key: String, as agency: String = World.sender) throws -> JSONValue {
        try JSONReader.read(try world.client(agency).get("/v1/documents/\(key)").bytes)
    }

    private func notice(_ delivery: JSONValue, _ world: World, _ agency: String) throws -> JSONValue {
        let key = try #require(delivery["documentKey"]?.string)
        let content = try world.client(agency).get("/v1/documents/\(key)/content")
        #expect(content.head.fields["Content-Type"] == "application/json")
        return try JSONReader.read(content.bytes)
    }

    @Test func `is held, and goes out when a fresh list clears it`() throws {
        let (world, authority, letter) = try begin("hold")
        let sender = try world.client(World.sender)
        let taken = try sender.submit(letter)
        #expect(taken.status == 201)
        #expect(taken.json["indication"]?.string == "INDETERMINATE")
        #expect(taken.json["heldUntil"]?.string != nil)
        let key = try #require(taken.json["documentKey"]?.string)
        #expect(try inbox(world, World.recipients[0], wait: 0).isEmpty)
        // Who will get it does not see it yet, not even by its key.
        for path in ["", "/content", "/receipt"] {
            #expect(try world.client(World.recipients[0]).get("/v1/documents/\(key)\(path)").status == 404)
        }
        let waiting = try trail(world, key)
        #expect(waiting["hold"]?["state"]?.string == "held")
        #expect(waiting["deliveries"]?.array?.compactMap { $0["state"]?.string } == ["held", "held", "held"])
        // The same letter again: the same receipt.
        let again = try sender.submit(letter)
        #expect(again.status == 200 && again.bytes == taken.bytes)

        try authority.publish()
        world.reload()
        let came = try inbox(world, World.recipients[0])
        #expect(came.first?["documentKey"]?.string == key)
        let passed = try trail(world, key)
        #expect(passed["verdict"]?["indication"]?.string == "INDETERMINATE")
        #expect(passed["verdicts"]?.array?.compactMap { $0["indication"]?.string } == ["TOTAL-PASSED"])
        #expect(passed["hold"]?["state"]?.string == "released")
        let told = try #require(try inbox(world, World.sender).first)
        #expect(told["kind"]?.string == "notice")
        let notice = try notice(told, world, World.sender)
        #expect(notice["documentKey"]?.string == key)
        #expect(notice["previousIndication"]?.string == "INDETERMINATE")
        #expect(notice["indication"]?.string == "TOTAL-PASSED")
        #expect(notice["deliveries"]?.string == "released")
    }

    @Test func `is held, and never goes out when the list has its signer`() throws {
        let (world, authority, letter) = try begin("hold")
        let taken = try world.client(World.sender).submit(letter)
        let key = try #require(taken.json["documentKey"]?.string)
        try authority.publish(revokedAt: -2)
        world.reload()
        let told = try #require(try inbox(world, World.sender).first)
        let notice = try notice(told, world, World.sender)
        #expect(notice["deliveries"]?.string == "refused")
        #expect(notice["indication"]?.string == "TOTAL-FAILED")
        #expect(notice["reasons"]?.array?.first?["code"]?.string == "certificate_revoked")
        #expect(try inbox(world, World.recipients[0], wait: 0).isEmpty)
        #expect(try world.client(World.recipients[0]).get("/v1/documents/\(key)/content").status == 404)
        let ended = try trail(world, key)
        #expect(ended["hold"]?["state"]?.string == "refused")
        #expect(ended["deliveries"]?.array?.compactMap { $0["state"]?.string } == ["dead", "dead", "dead"])
    }

    @Test func `survives the hub's death in its hold`() throws {
        let (world, authority, letter) = try begin("hold")
        let taken = try world.client(World.sender).submit(letter)
        let key = try #require(taken.json["documentKey"]?.string)
        world.kill()
        try authority.publish()
        // What changed while the hub was down is noticed at its start.
        try world.start()
        #expect(try inbox(world, World.recipients[1]).first?["documentKey"]?.string == key)
    }

    @Test func `is refused for now, where the agency's policy is that`() throws {
        let (world, authority, letter) = try begin("refuse")
        let sender = try world.client(World.sender)
        let refused = try sender.send(
            "POST", "/v1/documents", fields: ["Content-Type": "application/xml"], body: .bytes(letter))
        #expect(refused.head.status == 503)
        #expect(refused.head.fields["Retry-After"] == "900")
        #expect(try JSONReader.read(refused.bytes)["code"]?.string == "revocation_unknown")
        try authority.publish()
        world.reload()
        // The reload is done when the hub's log has it: then the same letter goes in.
        try world.waitForLog(events: 1, "reloaded")
        #expect(try sender.submit(letter).status == 201)
    }

    @Test func `goes out at once and marked, where that is the policy, and is taken back in word`() throws {
        let (world, authority, letter) = try begin("accept")
        let taken = try world.client(World.sender).submit(letter)
        #expect(taken.status == 201 && taken.json["indication"]?.string == "INDETERMINATE")
        let key = try #require(taken.json["documentKey"]?.string)
        #expect(try inbox(world, World.recipients[0]).first?["documentKey"]?.string == key)
        try authority.publish(revokedAt: -2)
        world.reload()
        let told = try #require(try inbox(world, World.recipients[0]).first)
        #expect(told["kind"]?.string == "notice")
        #expect(try notice(told, world, World.recipients[0])["indication"]?.string == "TOTAL-FAILED")
        #expect(try trail(world, key)["verdicts"]?.array?.count == 1)
    }

    @Test func `that passed is judged again when its signer turns out to have been revoked before`() throws {
        let world = try World()
        let authority = try OwnAuthority(in: world)
        try authority.publish()
        try world.start()
        let letter = try world.bytes(try world.letter(signer: authority.name))
        let taken = try world.client(World.sender).submit(letter)
        #expect(taken.json["indication"]?.string == "TOTAL-PASSED")
        // Another signer's letter, which the list does not touch.
        let other = try world.client(World.sender).submit(try world.bytes(try world.letter()))
        try authority.publish(revokedAt: -2)
        world.reload()
        let told = try #require(try inbox(world, World.sender).first)
        #expect(try notice(told, world, World.sender)["indication"]?.string == "TOTAL-FAILED")
        let key = try #require(taken.json["documentKey"]?.string)
        let later = try trail(world, key)["verdicts"]?.array
        #expect(later?.first?["verdict"]?["signatures"]?.array?.first?["subIndication"]?.string == "REVOKED")
        let untouched = try #require(other.json["documentKey"]?.string)
        #expect(try trail(world, untouched)["verdicts"]?.array?.isEmpty == true)
    }
}

extension World {
    /// Waits until the daemon has written `event` so many times.
    func waitForLog(events: Int, _ event: String) throws {
        while daemon?.isRunning == true {
            let text = try String(contentsOfFile: path("lienthongd.log"), encoding: .utf8)
            if text.components(separatedBy: "\"event\":\"\(event)\"").count > events { return }
            usleep(5_000)
        }
        throw StartFailure(code: -1, log: "the daemon ended")
    }
}
