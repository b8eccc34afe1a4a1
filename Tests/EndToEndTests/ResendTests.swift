import Foundation
import JSON
import Testing

@Suite struct `A sender that lost the answer` {
    /// Makes the agency what it was, but for what is said.
    private func change(_ world: World, signing: String? = nil, _ more: [String] = []) throws {
        var words = ["agency", "add", World.sender, "Sở", "--transport"]
        words += [world.path("\(World.sender).tls.pem"), "--policy", "enforce"] + more
        if let signing { words += ["--signing", world.path(signing)] }
        let changed = try world.run(words, as: "operator")
        try #require(changed.code == 0, "\(changed.errors)")
    }

    @Test func `gets its receipt although the hub would not take such a letter any more`() throws {
        let world = try World()
        try world.start()
        let client = try world.client(World.sender)
        let letter = try world.bytes(try world.letter())
        let first = try client.submit(letter)
        #expect(first.status == 201)
        // The certificate that signed it is the agency's no longer.
        try change(world)
        let again = try client.submit(letter)
        #expect(again.status == 200 && again.bytes == first.bytes)
        // What was never accepted is judged by today's rules.
        let other = try client.submit(try world.bytes(try world.letter()))
        #expect(other.status == 422 && other.json["code"]?.string == "signer_not_registered")
        // Other bytes under the same name are not the letter that has the receipt.
        let changed = try client.submit(letter + [0x0A])
        #expect(changed.status == 422 && changed.json["code"]?.string == "signer_not_registered")
        let refused = try String(contentsOfFile: world.path("lienthongd.log"), encoding: .utf8)
            .components(separatedBy: "\"refused\"").count - 1
        #expect(refused == 2)
    }
}

@Suite struct `Those who wait for letters` {
    @Test func `are woken one after the other until all is taken`() throws {
        let world = try World()
        try world.start()
        let count = 4
        let group = DispatchGroup()
        nonisolated(unsafe) let shared = world
        nonisolated(unsafe) var taken: [[String]] = []
        let lock = NSLock()
        for _ in 0..<count {
            group.enter()
            Thread.detachNewThread {
                let answer = try? shared.client("H31.7").get("/v1/inbox?wait=60&limit=1")
                let keys = (answer.flatMap { try? JSONReader.read($0.bytes) })?["deliveries"]?.array?
                    .compactMap { $0["documentKey"]?.string }
                lock.withLock { taken.append(keys ?? []) }
                group.leave()
            }
        }
        let client = try world.client(World.sender)
        var sent: Set<String> = []
        for _ in 0..<count {
            let reply = try client.submit(try world.bytes(try world.letter(to: ["H31.7"])))
            sent.insert(try #require(reply.json["documentKey"]?.string))
        }
        group.wait()
        #expect(Set(taken.flatMap { $0 }) == sent && taken.allSatisfy { $0.count == 1 })
    }

    @Test func `are not too many of one agency`() throws {
        let world = try World(settings: "limits: { agencyPollsMax: 1 },")
        try world.start()
        let group = DispatchGroup()
        nonisolated(unsafe) let shared = world
        nonisolated(unsafe) var statuses: [Int] = []
        let lock = NSLock()
        for _ in 0..<3 {
            group.enter()
            Thread.detachNewThread {
                let status = (try? shared.client("H31.7").get("/v1/inbox?wait=60"))?.status ?? 0
                lock.withLock { statuses.append(status) }
                group.leave()
            }
        }
        // Two have their answer although nothing came; the third one gets the letter.
        while lock.withLock({ statuses.count }) < 2 { usleep(5_000) }
        #expect(lock.withLock { statuses } == [429, 429])
        let client = try world.client(World.sender)
        #expect(try client.submit(try world.bytes(try world.letter(to: ["H31.7"]))).status == 201)
        group.wait()
        #expect(statuses == [429, 429, 200])
    }

    @Test func `need not fetch twice what they have`() throws {
        let world = try World()
        try world.start()
        let letter = try world.letter(to: ["H31.7"])
        let sent = try world.client(World.sender).submit(try world.bytes(letter))
        let key = try #require(sent.json["documentKey"]?.string)
        let inbox = world.path("inbox")
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: letter, toPath: "\(inbox)/\(key).edxml")
        let before = try number(of: "\(inbox)/\(key).edxml")
        #expect(try world.run(["receive", "--dir", inbox], as: "H31.7").code == 0)
        #expect(try number(of: "\(inbox)/\(key).edxml") == before)
        #expect(try world.bytes("\(inbox)/\(key).edxml") == world.bytes(letter))
        let trail = try JSONReader.read(try world.client(World.sender).get("/v1/documents/\(key)").bytes)
        #expect(trail["deliveries"]?.array?.first?["state"]?.string == "delivered")
        // Something else under that name is fetched anew.
        let other = try world.letter(to: ["H31.7"])
        let next = try world.client(World.sender).submit(try world.bytes(other))
        let second = try #require(next.json["documentKey"]?.string)
        try FileManager.default.copyItem(atPath: letter, toPath: "\(inbox)/\(second).edxml")
        let wrong = try number(of: "\(inbox)/\(second).edxml")
        #expect(try world.run(["receive", "--dir", inbox], as: "H31.7").code == 0)
        #expect(try world.bytes("\(inbox)/\(second).edxml") == world.bytes(other))
        #expect(try number(of: "\(inbox)/\(second).edxml") != wrong)
    }

    /// A file that was fetched is another file.
    private func number(of path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int)
    }
}
