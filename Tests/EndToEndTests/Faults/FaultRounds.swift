import Foundation
import JSON
import Synchronization
import Transport

/// One fault, drawn from a seed.
struct FaultRound: CustomStringConvertible {
    let kind: FaultKind
    /// While the daemon starts and repairs, rather than while it serves.
    let isAtStart: Bool
    /// At which call that reaches the disk.
    let at: UInt64
    let seed: UInt64
    let isSticky: Bool
    let senders: Int
    /// Where the daemon's clock stands, away from the true time.
    let clockMilliseconds: Int64

    init(_ generator: inout SeededGenerator) {
        kind = FaultKind.drawn.randomElement(using: &generator) ?? .killBefore
        isAtStart = Int.random(in: 0..<6, using: &generator) == 0
        at = UInt64.random(in: 1...(isAtStart ? 60 : 160), using: &generator)
        seed = generator.next()
        isSticky = [.noSpace, .ioError].contains(kind) && Bool.random(using: &generator)
        senders = Int.random(in: 0..<4, using: &generator) == 0 ? 3 : 1
        let hour: Int64 = 3_600_000
        let jumps = Int.random(in: 0..<5, using: &generator) == 0
        clockMilliseconds = jumps ? Int64.random(in: -hour / 2...5 * hour, using: &generator) : 0
    }

    /// A given fault while one letter is sent, or at the start.
    init(_ kind: FaultKind, at: UInt64, seed: UInt64, isAtStart: Bool = false) {
        self.kind = kind
        self.isAtStart = isAtStart
        self.at = at
        self.seed = seed
        isSticky = false
        senders = 1
        clockMilliseconds = 0
    }

    var description: String { "\(kind) at call \(at)\(isAtStart ? " of the start" : ""), seed \(seed)" }
}

/// Runs faults against one hub's data, one after the other.
final class FaultRounds {
    /// Letters and receives of one round, at most.
    private static let stepsMax = 14

    let world: World
    let callers: Callers
    let shim: FaultShim
    private(set) var tally: [String: Int] = [:]
    /// What became of the last round.
    private(set) var outcome = ""

    init(usesLarge: Bool = true) throws {
        // A round loses leases; no delivery shall die of that.
        world = try World(settings: "leases: { attemptsMax: 1000 },")
        shim = try FaultShim(world)
        callers = try Callers(world, usesLarge: usesLarge)
    }

    func run(_ round: FaultRound, _ generator: inout SeededGenerator) throws {
        shim.disarm()
        shim.setClock(milliseconds: round.clockMilliseconds)
        let isRunning = world.daemon?.isRunning == true
        if round.isAtStart {
            if isRunning { world.kill() }
            shim.arm(round.kind, at: round.at, seed: round.seed, isSticky: round.isSticky)
            guard try startOrFail(round) else { return count(round) }
        } else {
            if !isRunning { guard try startOrFail(round) else { return } }
            shim.arm(round.kind, at: round.at, seed: round.seed, isSticky: round.isSticky)
        }
        serve(round, &generator)
        shim.disarm()
        try end(round)
        count(round)
    }

    /// - Returns: false where the fault kept the daemon from starting, as it may.
    private func startOrFail(_ round: FaultRound) throws -> Bool {
        do {
            try world.start()
            return true
        } catch let failure as World.StartFailure {
            // 1: it said why; 70: it gave up; 137: it was killed. Anything else is a trap or a signal.
            if !round.isAtStart || !shim.hasFired || ![1, 70, 137].contains(failure.code) {
                callers.promises.find("\(round): the start ended with \(failure.code): \(failure.log)")
            }
            world.kill()
            return false
        }
    }

    private func serve(_ round: FaultRound, _ generator: inout SeededGenerator) {
        let seeds = (0..<round.senders).map { _ in generator.next() }
        let group = DispatchGroup()
        for seed in seeds {
            group.enter()
            let (callers, steps) = (callers, Self.stepsMax)
            let mayFail = !round.kind.kills
            nonisolated(unsafe) let (world, shim) = (world, shim)
            Thread.detachNewThread {
                // The hub goes away in the middle: whatever a client sees of that is fair.
                try? Self.load(callers, world, shim, SeededGenerator(state: seed), steps, mayFail)
                group.leave()
            }
        }
        group.wait()
    }

    private static func load(
        _ callers: Callers, _ world: World, _ shim: FaultShim, _ start: SeededGenerator, _ steps: Int,
        _ mayFail: Bool
    ) throws {
        var generator = start
        let sender = try world.client(World.sender)
        let recipients = try World.recipients.map { ($0, try world.client($0)) }
        for _ in 0..<steps {
            let hasFired = shim.hasFired
            if Int.random(in: 0..<3, using: &generator) > 0 {
                try callers.send(callers.choose(&generator), by: sender, mayFail: mayFail)
            } else if let (recipient, client) = recipients.randomElement(using: &generator) {
                try callers.receive(recipient, client, wait: 0)
            }
            // One step more, with the fault behind it.
            if hasFired { return }
        }
    }

    /// What the daemon must be like after the fault.
    private func end(_ round: FaultRound) throws {
        guard let daemon = world.daemon else { return }
        // After a failed synchronisation it must not go on as if nothing had happened, and its own end cuts
        // the power. After other errors it ends, or the next letter goes in.
        let isDirectory = shim.call.hasSuffix(" data")
        if shim.hasFired, !round.kind.kills, (round.kind == .syncLost && !isDirectory) || !goesOn() {
            _ = daemon.wait(secondsMax: 20)
        }
        guard !daemon.isRunning else {
            if round.kind.kills { world.kill() }
            if round.kind == .syncLost, shim.hasFired, isDirectory {
                // SQLite passes over this one, so nothing may depend on it: the power goes at the end.
                _ = world.stop()
            } else if round.kind == .syncLost, shim.hasFired {
                callers.promises.find("\(round): it went on after a failed synchronisation (\(shim.call))")
                world.kill()
            }
            return
        }
        let code = daemon.wait()
        let expected: Set<Int32> = round.kind.kills ? [137] : [70]
        if !expected.contains(code) || !shim.hasFired {
            callers.promises.find("\(round): the daemon ended with \(code) at \(shim.call)")
        }
        world.kill()
    }

    private func goesOn() -> Bool {
        guard let client = try? world.client(World.sender) else { return false }
        let status = try? callers.send(callers.newLetter(), by: client, mayFail: true)
        return status == 201
    }

    private func count(_ round: FaultRound) {
        let name = shim.hasFired ? "\(round.kind)\(round.isAtStart ? " at the start" : "")" : "not reached"
        tally[name, default: 0] += 1
        outcome = "\(name) at \(shim.call); letters so far \(callers.promises.accepted)"
    }

    /// Goes on without faults, and says what the hub did not keep.
    func settleAndCheck() throws -> [String] {
        shim.disarm()
        shim.setClock(milliseconds: 0)
        world.kill()
        world.environment = [:]
        do {
            try world.start()
        } catch let failure as World.StartFailure {
            return ["the hub does not start any more: \(failure.log)"]
        }
        try callers.settle()
        return try callers.promises.check(world, callers.letters, receiptsChecked: 5)
    }
}
