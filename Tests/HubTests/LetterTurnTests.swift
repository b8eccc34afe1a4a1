import Exchange
import Hub
import Synchronization
import Testing

@Suite struct `Letters of one agency` {
    /// Whom the turns told to go on, in that order; and a clock that a test moves.
    private final class World: Sendable {
        private let milliseconds = Atomic<Int64>(1_795_000_000_000)
        private let names = Mutex<[String]>([])
        var clock: Clock { Clock { Instant(milliseconds: self.milliseconds.load(ordering: .relaxed)) } }
        var resumed: [String] { names.withLock { $0 } }

        func move(_ by: Int64) { milliseconds.wrappingAdd(by, ordering: .relaxed) }
        func note(_ name: String) { names.withLock { $0.append(name) } }
    }

    private let world = World()
    private let turns: LetterTurns

    init() { turns = LetterTurns(inWorkMax: 2, clock: world.clock) }

    private func begin(_ name: String, of agency: AgencyCode, bytes: Int64? = 50_000) -> LetterTurns.Turn? {
        turns.begin(for: agency, byteCount: bytes) { [world] in world.note(name) }
    }

    @Test func `have the whole hub while nobody else sends`() {
        let held = (0..<100).map { begin("\($0)", of: "H37.12") }
        #expect(held.allSatisfy { $0?.mayBegin == true } && turns.waiting == 0)
    }

    @Test func `wait for one another beside another agency's, in their order`() {
        let other = begin("other", of: "H31.7")
        var held = ["a", "b", "c", "d"].map { begin($0, of: "H37.12") }
        #expect(other?.mayBegin == true)
        #expect(held.map { $0?.mayBegin } == [true, true, false, false] && turns.waiting == 2)
        // The other agency has its own two.
        #expect(begin("more", of: "H31.7")?.mayBegin == true)
        held[0] = nil
        #expect(world.resumed == ["c"])
        held[2] = nil
        #expect(world.resumed == ["c", "d"] && turns.waiting == 0)
    }

    @Test func `that were many before the other came are finished first`() {
        var held = (0..<5).map { begin("\($0)", of: "H37.12") }
        _ = begin("other", of: "H31.7")
        let late = begin("late", of: "H37.12")
        #expect(late?.mayBegin == false)
        for index in 0..<3 { held[index] = nil }
        #expect(world.resumed.isEmpty)
        held[3] = nil
        #expect(world.resumed == ["late"])
    }

    @Test func `go on together once the other has gone`() {
        _ = begin("other", of: "H31.7")
        var held = (0..<6).map { begin("\($0)", of: "H37.12") }
        #expect(turns.waiting == 4)
        world.move(1001)
        held[0] = nil
        #expect(world.resumed == ["2", "3", "4", "5"])
        #expect(begin("next", of: "H37.12")?.mayBegin == true)
    }

    @Test func `whose client went away while they waited are forgotten`() {
        _ = begin("other", of: "H31.7")
        var held = ["a", "b", "c", "d"].map { begin($0, of: "H37.12") }
        held[2] = nil
        held[0] = nil
        #expect(world.resumed == ["d"] && turns.waiting == 0)
        held = []
        _ = begin("other", of: "H31.7")
        #expect(begin("e", of: "H37.12")?.mayBegin == true)
    }

    @Test func `stuck in a slow line hold up the next ones for a second only`() {
        _ = begin("other", of: "H31.7")
        let held = ["a", "b", "c"].map { begin($0, of: "H37.12") }
        world.move(999)
        turns.relieve()
        #expect(world.resumed.isEmpty)
        _ = begin("other", of: "H31.7")
        let late = begin("d", of: "H37.12")
        world.move(1)
        turns.relieve()
        #expect(world.resumed == ["c"] && turns.waiting == 1)
        withExtendedLifetime((held, late)) {}
    }

    @Test func `that are large take no turn`() {
        _ = begin("other", of: "H31.7")
        let held = ["a", "b"].map { begin($0, of: "H37.12") }
        #expect(begin("large", of: "H37.12", bytes: (1 << 20) + 1) == nil)
        #expect(begin("unknown", of: "H37.12", bytes: nil)?.mayBegin == false)
        withExtendedLifetime(held) {}
    }
}
