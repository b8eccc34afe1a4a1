import Foundation
import Synchronization
import Testing

/// `backup`, `restore` and `doctor` as an operator runs them, with a hub that is under load meanwhile.
@Suite struct `An operator's backup` {
    @Test func `of a hub under load holds every letter that was accepted before it`() throws {
        let world = try World()
        let callers = try Callers(world)
        try world.start()
        let client = try world.client(World.sender)
        for number in 0..<20 { try callers.send(number, by: client, mayFail: false) }
        let isRunning = Atomic<Bool>(true)
        let group = DispatchGroup()
        group.enter()
        Thread.detachNewThread {
            var number = 100
            while isRunning.load(ordering: .acquiring), let client = try? callers.world.client(World.sender) {
                _ = try? callers.send(number, by: client, mayFail: false)
                number += 1
            }
            group.leave()
        }
        let backup = world.path("backup")
        for _ in 0..<3 {
            let made = try Program.lienthong(["backup", world.path("data"), backup, "--json"])
            #expect(made.code == 0, "\(made.errors)")
        }
        isRunning.store(false, ordering: .releasing)
        group.wait()
        #expect(try Program.lienthong(["doctor", world.path("data")]).code == 75)
        #expect(world.stop() == 0)
        #expect(try Program.lienthong(["doctor", world.path("data")]).code == 0)
        #expect(callers.promises.accepted.count > 20)

        // The disk is gone.
        try FileManager.default.removeItem(atPath: world.path("data"))
        let restored = try Program.lienthong(["restore", backup, world.path("data"), "--json"])
        #expect(restored.code == 0, "\(restored.errors)")
        #expect(try Program.lienthong(["restore", backup, world.path("data")]).code == 66)
        #expect(throws: World.StartFailure.self) { try world.start() }
        try world.start(["--roll-forward"])
        let again = try world.client(World.sender)
        for number in 0..<20 {
            let key = try #require(try callers.promises.key(of: number))
            #expect(try again.get("/v1/documents/\(key)/content").bytes == callers.letters.letter(number))
        }
        // Senders whose letters are newer than the backup send them again, and nobody is answered twice.
        for number in callers.promises.accepted where number >= 100 {
            let reply = try again.submit(try callers.letters.letter(number))
            #expect(reply.status == 200 || reply.status == 201)
        }
        #expect(world.stop() == 0)
        try world.start()
    }
}
