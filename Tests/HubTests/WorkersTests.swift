import Dispatch
import Synchronization
import Testing

@testable import Hub

@Suite struct `Work that blocks` {
    /// Jobs that stay at work until they are let go, and who began in which order.
    private final class World: Sendable {
        private let names = Mutex<[String]>([])
        private let begun = DispatchSemaphore(value: 0)
        private let gate = DispatchSemaphore(value: 0)
        var order: [String] { names.withLock { $0 } }

        func job(_ name: String) -> @Sendable () -> Void {
            { [self] in
                names.withLock { $0.append(name) }
                begun.signal()
                gate.wait()
            }
        }

        func awaitBegun(_ count: Int) {
            for _ in 0..<count { begun.wait() }
        }

        func letGo(_ count: Int) {
            for _ in 0..<count { gate.signal() }
        }
    }

    private let world = World()

    @Test func `is done party by party, each one's in their order`() {
        let workers = Workers(threads: 1, waitingMax: 100)
        #expect(workers.run(for: 9, world.job("first")))
        world.awaitBegun(1)
        for name in ["a1", "a2", "a3"] { #expect(workers.run(for: 1, world.job(name))) }
        for name in ["b1", "b2"] { #expect(workers.run(for: 2, world.job(name))) }
        world.letGo(6)
        workers.stop()
        // One party may have one thread, so its next job is ready when the one before has ended.
        #expect(world.order == ["first", "a1", "b1", "a2", "b2", "a3"])
    }

    @Test func `of one party leaves threads to the others, however much it is`() {
        let workers = Workers(threads: 3, partyMax: 2, waitingMax: 100)
        for number in 1...5 { #expect(workers.run(for: 1, world.job("a\(number)"))) }
        world.awaitBegun(2)
        #expect(workers.run(for: 2, world.job("b")))
        world.awaitBegun(1)
        #expect(world.order.last == "b" && world.order.count == 3)
        world.letGo(1)
        world.letGo(5)
        workers.stop()
        #expect(world.order.filter { $0 != "b" }.sorted() == ["a1", "a2", "a3", "a4", "a5"])
    }

    @Test func `is refused where too much of it waits, and when it ends`() {
        let workers = Workers(threads: 1, waitingMax: 2)
        #expect(workers.run(for: 1, world.job("a")))
        world.awaitBegun(1)
        #expect(workers.run(for: 1, world.job("b")) && workers.run(for: 2, world.job("c")))
        #expect(!workers.run(for: 3, world.job("d")))
        world.letGo(3)
        workers.stop()
        #expect(!workers.run(for: 1, world.job("e")))
        // What was taken is done.
        #expect(world.order.sorted() == ["a", "b", "c"])
    }
}
