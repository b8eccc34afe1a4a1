/// One door through which bytes come in from outside, and what must hold whatever they are.
///
/// The same functions run twice: in this suite over the seeds and some mutations of them, and under libFuzzer
/// (`make fuzz`), where coverage leads the way.
struct Entry: Sendable {
    /// Also the name of its folder of seeds and of its dictionary.
    let name: String
    /// Mutations of each seed that the suite tries; those of libFuzzer are not counted.
    let mutationCount: Int
    let run: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, mutations: Int = 150, _ run: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        mutationCount = mutations
        self.run = run
    }

    static let all: [Entry] =
        httpEntries + textEntries + logEntries + xmlEntries + signatureEntries + pdfEntries
        + vxpEntries

    static func named(_ name: String) -> Entry? { all.first { $0.name == name } }
}

/// Two readings that should have said the same, or a promise that was not kept.
struct Disagreement: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

func check(_ holds: Bool, _ promise: @autoclosure () -> String) throws(Disagreement) {
    if !holds { throw Disagreement(promise()) }
}

/// Cuts of the same bytes: whole, single bytes, uneven pieces that the bytes themselves decide.
func cuts(of bytes: [UInt8]) -> [[[UInt8]]] {
    var uneven: [[UInt8]] = []
    var start = 0
    var state = bytes.reduce(UInt64(bytes.count) + 1) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    while start < bytes.count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let end = min(bytes.count, start + 1 + Int(state >> 33) % 40)
        uneven.append(Array(bytes[start..<end]))
        start = end
    }
    return [[bytes], bytes.map { [$0] }, uneven]
}

/// What a reading said, whatever the pieces that it was given: lines, and runs of bytes joined.
struct Transcript: Equatable, CustomStringConvertible {
    private(set) var lines: [String] = []
    private var run: [UInt8]?

    mutating func line(_ text: String) {
        flush()
        lines.append(text)
    }

    mutating func bytes(_ piece: some Sequence<UInt8>) {
        run = (run ?? []) + Array(piece)
    }

    mutating func flush() {
        if let run { lines.append("bytes \(run)") }
        run = nil
    }

    var description: String { lines.joined(separator: "\n") }
}

/// Reads the same bytes cut in three ways.
func readAlike(_ bytes: [UInt8], _ read: ([[UInt8]]) throws -> Transcript) throws {
    var first: Transcript?
    for pieces in cuts(of: bytes) {
        var transcript = try read(pieces)
        transcript.flush()
        guard let whole = first else {
            first = transcript
            continue
        }
        try check(transcript == whole, "cut:\n\(transcript)\nwhole:\n\(whole)")
    }
}
