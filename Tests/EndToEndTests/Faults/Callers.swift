import Foundation
import JSON
import Synchronization
import Transport

/// Senders and recipients that go on through faults, and tell `Promises` what they were told.
final class Callers: Sendable {
    /// Sendable because only what never changes, and the address of the daemon that runs, is read of it.
    nonisolated(unsafe) let world: World
    let letters: LetterSupply
    let promises = Promises()
    private let nextLetter = Atomic<Int>(0)

    init(_ world: World, usesLarge: Bool = false) throws {
        self.world = world
        letters = try LetterSupply(world, usesLarge: usesLarge)
    }

    /// What an answer other than 2xx may say while the disk fails.
    private static let excused: Set<Int> = [503, 507]

    /// Mostly new letters, sometimes one that was accepted or one that is owed a receipt.
    func choose(_ generator: inout some RandomNumberGenerator) -> Int {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: if let known = promises.accepted.randomElement(using: &generator) { return known }
        case 1, 2: if let owed = promises.unanswered.randomElement(using: &generator) { return owed }
        default: break
        }
        return newLetter()
    }

    func newLetter() -> Int { nextLetter.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// - Returns: the status of the answer.
    @discardableResult
    func send(_ number: Int, by client: BlockingClient, mayFail: Bool) throws -> Int {
        promises.willSend(number)
        let reply = try client.submit(try letters.letter(number))
        if reply.status == 200 || reply.status == 201 {
            promises.wasAccepted(number, created: reply.status == 201, reply.bytes)
        } else if reply.status == 507, !promises.isAccepted(number), number % 3 == 0 {
            // Full disk: nothing happened, for certain. Never sent again, it must never be seen.
            promises.wasRefusedForGood(number)
        } else if !mayFail || !Self.excused.contains(reply.status) {
            promises.find("letter \(number) was answered \(reply.status) \(reply.json["code"]?.string ?? "")")
        }
        return reply.status
    }

    /// Takes and acknowledges what waits; how many there were.
    @discardableResult
    func receive(_ recipient: String, _ client: BlockingClient, wait: Int) throws -> Int {
        let inbox = try client.get("/v1/inbox?wait=\(wait)&limit=5&lease=1")
        guard inbox.status == 200 else { return 0 }
        let deliveries = try JSONReader.read(inbox.bytes)["deliveries"]?.array ?? []
        for delivery in deliveries {
            let name = "\(recipient) \(delivery["documentKey"]?.string ?? "")"
            promises.wasOffered(name)
            let identifier = delivery["deliveryId"]?.string ?? ""
            let reply = try client.post(
                "/v1/deliveries/\(identifier)/acknowledge",
                "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}")
            // 409: the lease of one second lapsed meanwhile; it will come again.
            if reply.status == 200 { promises.wasAcknowledged(name) }
        }
        return deliveries.count
    }

    /// Sends what is owed and takes what waits, without faults, until every letter is delivered.
    func settle() throws {
        let sender = try world.client(World.sender)
        for number in promises.unanswered { try send(number, by: sender, mayFail: false) }
        let clients = try World.recipients.map { ($0, try world.client($0)) }
        // Leases of the faulty rounds lapse within a second or two.
        var open = Set(promises.accepted)
        for _ in 0..<30 {
            var taken = 0
            for (recipient, client) in clients {
                while case let count = try receive(recipient, client, wait: 0), count > 0 { taken += count }
            }
            if taken == 0, try isDelivered(sender, &open) { return }
            if taken == 0, let (recipient, client) = clients.randomElement() {
                try receive(recipient, client, wait: 1)
            }
        }
    }

    /// Whether the trail of every accepted letter says so; those that do are not asked for again.
    private func isDelivered(_ sender: BlockingClient, _ open: inout Set<Int>) throws -> Bool {
        for number in open {
            guard let key = try promises.key(of: number) else { continue }
            let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
            let states = trail["deliveries"]?.array?.compactMap { $0["state"]?.string } ?? []
            if !states.allSatisfy({ $0 == "delivered" || $0 == "dead" }) { return false }
            open.remove(number)
        }
        return true
    }
}
