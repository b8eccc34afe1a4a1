import Foundation
import Synchronization
import Testing
import Transport

/// SIGKILL again and again under load, at any moment; then everything that was promised is checked.
///
/// `LIENTHONG_CRASHES` says how often (default 12), `LIENTHONG_SEED` makes a run again.
@Suite(.serialized) struct `A hub that is killed under load` {
    @Test func `loses nothing and doubles nothing`() throws {
        let environment = ProcessInfo.processInfo.environment
        let crashes = environment["LIENTHONG_CRASHES"].flatMap { Int($0) } ?? 12
        let seed = environment["LIENTHONG_SEED"].flatMap { UInt64($0) } ?? 20_261_123
        let world = try World(settings: "leases: { attemptsMax: 1000 },")
        let callers = try Callers(world)
        var generator = SeededGenerator(state: seed)
        for _ in 0..<crashes { try crashOnce(callers, &generator) }
        try world.start()
        try callers.settle()
        let wrong = try callers.promises.check(world, callers.letters)
        #expect(wrong == [], "LIENTHONG_SEED=\(seed)")
        #expect(callers.promises.accepted.count >= crashes)
        #expect(callers.promises.acknowledgements > callers.promises.accepted.count)
        print("crash test: seed \(seed), \(crashes) kills, \(callers.promises.summary)")
    }

    /// Starts the hub, loads it, kills it somewhere in between.
    private func crashOnce(_ callers: Callers, _ generator: inout SeededGenerator) throws {
        let world = callers.world
        try world.start()
        let isRunning = Atomic<Bool>(true)
        let group = DispatchGroup()
        for _ in 0..<3 {
            let seed = generator.next()
            spawn(group) {
                var generator = SeededGenerator(state: seed)
                let client = try callers.world.client(World.sender)
                while isRunning.load(ordering: .acquiring) {
                    try callers.send(callers.choose(&generator), by: client, mayFail: false)
                }
            }
        }
        for recipient in World.recipients {
            spawn(group) {
                let client = try callers.world.client(recipient)
                while isRunning.load(ordering: .acquiring) { try callers.receive(recipient, client, wait: 1) }
            }
        }
        usleep(UInt32.random(in: 2_000...220_000, using: &generator))
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
