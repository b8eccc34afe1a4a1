import Exchange
import Foundation
import JSON
import Synchronization
import Testing
import Transport

/// SIGKILL again and again under load; then the oracle: every 2xx has exactly one stored letter, one delivery
/// per recipient, one log entry and one receipt that verifies; everything else changed nothing.
///
/// `LIENTHONG_CRASHES` says how often (default 12), `LIENTHONG_SEED` makes a run again.
@Suite(.serialized) struct `A hub that is killed under load` {
    @Test func `loses nothing and doubles nothing`() throws {
        let environment = ProcessInfo.processInfo.environment
        let crashes = environment["LIENTHONG_CRASHES"].flatMap { Int($0) } ?? 12
        let seed = environment["LIENTHONG_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        let world = try World()
        let driver = try CrashDriver(world: world, seed: seed, letterCount: max(40, crashes * 4))
        for _ in 0..<crashes { try driver.crashOnce() }
        try driver.settle()
        try driver.checkEverything()
        print("crash test: seed \(seed), \(crashes) kills, \(driver.summary)")
    }
}

/// Numbers from one seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Senders and recipients that go on through crashes, and remember what they were promised.
final class CrashDriver: Sendable {
    private struct Promises {
        var generator: SeededGenerator
        /// Letters that nobody has a receipt for yet.
        var open: [Int]
        var receipts: [Int: [UInt8]] = [:]
        /// How often a letter was answered 201.
        var created: [Int: Int] = [:]
        /// Recipient and document key of each acknowledgement that was answered 2xx.
        var acknowledged: [String: Int] = [:]
        var faults: [String] = []
        var sent = 0
        var replayed = 0
    }

    private nonisolated(unsafe) let world: World
    private let letters: [[UInt8]]
    private let promises: Mutex<Promises>

    init(world: World, seed: UInt64, letterCount: Int) throws {
        self.world = world
        let first = String(
            decoding: try world.bytes(try world.letter(subject: "V/v bền vững")), as: UTF8.self)
        _ = first
        let unsigned = String(decoding: try world.bytes(world.path("1.unsigned.edxml")), as: UTF8.self)
        var letters: [[UInt8]] = []
        for number in 0..<letterCount {
            let name = world.path("crash-\(number)")
            let text = unsigned.replacingOccurrences(of: ",1/TEST", with: ",C\(number)/TEST")
            try text.write(toFile: name + ".unsigned", atomically: true, encoding: .utf8)
            try world.sign(name + ".unsigned", with: World.sender, to: name)
            letters.append(try world.bytes(name))
        }
        self.letters = letters
        promises = Mutex(Promises(generator: SeededGenerator(state: seed), open: Array(letters.indices)))
    }

    var summary: String {
        promises.withLock {
            "\($0.receipts.count) letters, \($0.replayed) resends, \($0.acknowledged.count) acknowledgements"
        }
    }

    /// Starts the hub, loads it, kills it somewhere in between.
    func crashOnce() throws {
        try world.start()
        let isRunning = Atomic<Bool>(true)
        let group = DispatchGroup()
        for _ in 0..<3 { spawn(group) { try self.sendUntilGone(isRunning) } }
        for recipient in World.recipients { spawn(group) { try self.receiveUntilGone(recipient, isRunning) } }
        let microseconds = promises.withLock { UInt32.random(in: 2_000...220_000, using: &$0.generator) }
        usleep(microseconds)
        world.kill()
        isRunning.store(false, ordering: .releasing)
        group.wait()
    }

    private func spawn(_ group: DispatchGroup, _ body: @escaping @Sendable () throws -> Void) {
        group.enter()
        Thread.detachNewThread {
            // The hub goes away in the middle: whatever a client sees of that is fair.
            try? body()
            group.leave()
        }
    }

    private func sendUntilGone(_ isRunning: borrowing Atomic<Bool>) throws {
        let client = try world.client(World.sender)
        while isRunning.load(ordering: .acquiring) {
            let choice = promises.withLock { promises -> Int? in
                // Mostly new letters, sometimes one that was accepted already.
                if Int.random(in: 0..<4, using: &promises.generator) == 0 {
                    return promises.receipts.keys.randomElement(using: &promises.generator)
                }
                return promises.open.randomElement(using: &promises.generator)
            }
            guard let choice else { return }
            try send(choice, by: client)
        }
    }

    private func send(_ index: Int, by client: BlockingClient) throws {
        let reply = try client.submit(letters[index])
        promises.withLock { promises in
            promises.sent += 1
            guard reply.status == 200 || reply.status == 201 else {
                promises.faults.append("letter \(index) was answered \(reply.status)")
                return
            }
            if let earlier = promises.receipts[index] {
                promises.replayed += 1
                if earlier != reply.bytes { promises.faults.append("letter \(index) has two receipts") }
            }
            // Two senders may send one letter at once; the replay's answer may then be seen first.
            if reply.status == 201 {
                promises.created[index, default: 0] += 1
                if promises.created[index] == 2 {
                    promises.faults.append("letter \(index) was accepted twice")
                }
            }
            promises.receipts[index] = reply.bytes
            promises.open.removeAll { $0 == index }
        }
    }

    private func receiveUntilGone(_ recipient: String, _ isRunning: borrowing Atomic<Bool>) throws {
        let client = try world.client(recipient)
        while isRunning.load(ordering: .acquiring) {
            try receive(recipient, client, wait: 1)
        }
    }

    @discardableResult
    private func receive(_ recipient: String, _ client: BlockingClient, wait: Int) throws -> Int {
        let inbox = try JSONReader.read(try client.get("/v1/inbox?wait=\(wait)&limit=5&lease=1").bytes)
        let deliveries = inbox["deliveries"]?.array ?? []
        for delivery in deliveries {
            let key = delivery["documentKey"]?.string ?? ""
            let name = "\(recipient) \(key)"
            promises.withLock { promises in
                if promises.acknowledged[name] != nil {
                    promises.faults.append("\(name) came again after its acknowledgement")
                }
            }
            let identifier = delivery["deliveryId"]?.string ?? ""
            let reply = try client.post(
                "/v1/deliveries/\(identifier)/acknowledge",
                "{\"lease\":\"\(delivery["lease"]?.string ?? "")\"}")
            // 409: the lease of one second lapsed meanwhile; it will come again.
            if reply.status == 200 { promises.withLock { $0.acknowledged[name, default: 0] += 1 } }
        }
        return deliveries.count
    }

    /// Sends what is open and takes what waits, without crashes.
    func settle() throws {
        try world.start()
        let sender = try world.client(World.sender)
        for index in letters.indices { try send(index, by: sender) }
        for recipient in World.recipients {
            let client = try world.client(recipient)
            var emptyRounds = 0
            while emptyRounds < 2 {
                // Leases of the crashed rounds lapse within a second or two.
                emptyRounds = try receive(recipient, client, wait: 3) == 0 ? emptyRounds + 1 : 0
            }
        }
    }

    func checkEverything() throws {
        let promises = promises.withLock { ($0.faults, $0.receipts, $0.acknowledged) }
        #expect(promises.0 == [])
        #expect(promises.1.count == letters.count)
        // An acknowledgement whose answer was lost is known to the hub only; the trails below show it.
        #expect(promises.2.count <= letters.count * World.recipients.count)
        #expect(promises.2.count > letters.count)
        #expect(promises.2.values.allSatisfy { $0 == 1 })
        let sender = try world.client(World.sender)
        for (index, receipt) in promises.1 {
            let key = try #require(try JSONReader.read(receipt)["documentKey"]?.string)
            #expect(try sender.get("/v1/documents/\(key)/content").bytes == letters[index])
            let trail = try JSONReader.read(try sender.get("/v1/documents/\(key)").bytes)
            let states = trail["deliveries"]?.array?.compactMap { $0["state"]?.string }
            #expect(states == Array(repeating: "delivered", count: World.recipients.count))
        }
        try checkLog(promises.1)
    }

    private func checkLog(_ receipts: [Int: [UInt8]]) throws {
        let mirror = world.path("mirror")
        let mirrored = try world.run(["audit", "mirror", mirror], as: "auditor")
        #expect(mirrored.code == 0, "\(mirrored.errors)")
        let key = try #require(
            try Program.lienthong(["log", "vkey", "--config", world.path("hub.json5"), "--json"]).json?[
                "vkey"]?.string)
        let verified = try Program.lienthong(["audit", "verify", mirror, "--key", key])
        #expect(verified.code == 0, "\(verified.errors)")
        for (index, receipt) in receipts.prefix(20) {
            let (file, document) = (world.path("r-\(index).json"), world.path("crash-\(index)"))
            try Data(receipt).write(to: URL(fileURLWithPath: file))
            let checked = try Program.lienthong([
                "audit", "receipt", file, "--document", document, "--key", key,
            ])
            #expect(checked.code == 0, "\(checked.errors)")
        }
        var accepted: [String: Int] = [:]
        for entry in try MirroredLog.entries(mirror) where entry["event"]?.string == "document.accepted" {
            accepted[entry["documentKey"]?.string ?? "", default: 0] += 1
        }
        #expect(accepted.count == letters.count)
        #expect(accepted.values.allSatisfy { $0 == 1 })
    }
}

/// Reads the entry bundles of a mirrored log without the project's own reader.
enum MirroredLog {
    static func entries(_ folder: String) throws -> [JSONValue] {
        var files: [String] = []
        let root = URL(fileURLWithPath: folder + "/tile/entries")
        for case let url as URL in FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)!
        {
            if (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true {
                files.append(url.path)
            }
        }
        // Of a bundle's partial files the widest holds the others.
        var widest: [String: (width: Int, path: String)] = [:]
        for file in files {
            let parts = file.components(separatedBy: ".p/")
            let width = parts.count == 2 ? Int(parts[1]) ?? 0 : 256
            if width > widest[parts[0]]?.width ?? 0 { widest[parts[0]] = (width, file) }
        }
        var entries: [JSONValue] = []
        for (_, bundle) in widest.sorted(by: { $0.key < $1.key }) {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: bundle.path)))
            var position = 0
            while position + 2 <= bytes.count {
                let length = Int(bytes[position]) << 8 | Int(bytes[position + 1])
                entries.append(try JSONReader.read(Array(bytes[position + 2..<position + 2 + length])))
                position += 2 + length
            }
        }
        return entries
    }
}
