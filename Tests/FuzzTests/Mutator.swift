/// Changes a seed a little, by numbers that a seed gives: the same run again is the same run.
struct Mutator: RandomNumberGenerator {
    private var state: UInt64
    private let words: [[UInt8]]
    private let others: [[UInt8]]
    private static let lengthMax = 64 << 10

    /// - Parameter others: seeds to take pieces from.
    init(state: UInt64, words: [[UInt8]], others: [[UInt8]]) {
        self.state = state
        self.words = words
        self.others = others
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var mixed = state
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return mixed ^ (mixed >> 33)
    }

    mutating func mutated(_ seed: [UInt8]) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...4, using: &self) { change(&bytes) }
        return Array(bytes.prefix(Self.lengthMax))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &self)
        let end = min(bytes.count, place + Int.random(in: 1...16, using: &self))
        switch Int.random(in: 0..<8, using: &self) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 1 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &self)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(.random(in: 0...255, using: &self), at: place)
        case 4: bytes.insert(contentsOf: words.randomElement(using: &self) ?? [0], at: place)
        case 5:
            let word = words.randomElement(using: &self) ?? [0xFF]
            bytes.replaceSubrange(place..<min(bytes.count, place + word.count), with: word)
        case 6: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
        default:
            guard let other = others.randomElement(using: &self), !other.isEmpty else { return }
            let start = Int.random(in: 0..<other.count, using: &self)
            let count = min(other.count - start, Int.random(in: 1...200, using: &self))
            bytes.replaceSubrange(place..<end, with: other[start..<start + count])
        }
    }
}
