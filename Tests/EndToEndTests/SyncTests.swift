import Foundation
import JSON
import Testing
import Transport

/// What durability costs, counted where syncs are made and read as an operator reads it.
///
/// The smallest count of several is looked at: the hub's own work (what has expired, a new segment) may fall
/// into one of them, but a step that is not durable would show in each.
@Suite struct `Syncs of a hub` {
    private static let repetitions = 5

    @Test func `are two for a letter, one for a lease and an acknowledgement, and none for reading`() throws {
        let world = try World()
        try world.start()
        let (sender, recipient) = (
            try world.client(World.sender), try world.client(World.recipients[0])
        )
        let letters = try (0...Self.repetitions).map { _ in
            try world.bytes(try world.letter(to: [World.recipients[0]]))
        }
        // The first one makes files and prepares statements.
        var key = try #require(try sender.submit(letters[0]).json["documentKey"]?.string)
        let accepting = try fewest(of: world) { number in
            key = try #require(try sender.submit(letters[number + 1]).json["documentKey"]?.string)
        }
        // The letter in the payload log, then the commit that makes it count.
        #expect(accepting == 2)

        let reading = try fewest(of: world) { _ in
            expect(200, try sender.get("/v1/documents/\(key)").status)
            expect(200, try recipient.get("/v1/documents/\(key)/content").status)
        }
        #expect(reading == 0)
        let resending = try fewest(of: world) { number in
            expect(200, try sender.submit(letters[number + 1]).status)
        }
        #expect(resending == 0)

        var deliveries: [JSONValue] = []
        let leasing = try fewest(of: world) { _ in
            let inbox = try JSONReader.read(try recipient.get("/v1/inbox?limit=1&lease=600").bytes)
            deliveries += inbox["deliveries"]?.array ?? []
        }
        #expect(deliveries.count == Self.repetitions)
        // No letter, only rows and entries of the log.
        #expect(leasing == 1)
        let acknowledging = try fewest(of: world) { number in
            let id = try #require(deliveries[number]["deliveryId"]?.string)
            let lease = try #require(deliveries[number]["lease"]?.string)
            let path = "/v1/deliveries/\(id)/acknowledge"
            expect(200, try recipient.post(path, "{\"lease\":\"\(lease)\"}").status)
        }
        #expect(acknowledging == 1)
        #expect(world.stop() == 0)
    }

    private func fewest(of world: World, _ body: (Int) throws -> Void) throws -> Int {
        var counts: [Int] = []
        for number in 0..<Self.repetitions {
            let before = try syncs(world)
            try body(number)
            counts.append(try syncs(world) - before)
        }
        return try #require(counts.min())
    }

    private func expect(_ status: Int, _ found: Int) {
        #expect(found == status)
    }

    private func syncs(_ world: World) throws -> Int {
        let client = try BlockingClient(url: "http://\(world.operations)", tls: nil)
        let text = String(decoding: try client.send("GET", "/metrics").bytes, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("lienthong_syncs ") })
        return try #require(Int(line.dropFirst("lienthong_syncs ".count)))
    }
}
