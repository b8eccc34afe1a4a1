internal import Exchange

/// Finds agencies by the beginnings of the words in their codes and names, diacritics and case aside.
///
/// `so noi vu` finds `Sở Nội vụ tỉnh Lạng Sơn`; `h37.1` finds `H37.12`. Each word asked for must begin a word
/// of the agency. A question walks through the agencies of its rarest word only, so that it costs about the
/// same whether 100 agencies are listed or 125,000.
struct DirectorySearch: Sendable {
    /// More words than this in one question are not looked at; the longest names of agencies have twenty.
    private static let wordsMax = 24
    /// Agencies that one question may look at before it gives what it has found.
    private static let candidatesMax = 60_000

    /// Each agency's words, one after another, each ended by a space.
    private var text: [UInt8] = []
    /// Where each agency's words begin in `text`; one more at the end.
    private var starts: [Int32] = []
    /// Every word that there is, sorted.
    private let vocabulary: [[UInt8]]
    /// For each word of the vocabulary where its agencies begin in `agencies`; one more at the end.
    private var offsets: [Int32] = []
    private var agencies: [Int32] = []

    init(_ list: [Agency]) {
        var holders: [[UInt8]: [Int32]] = [:]
        for (index, agency) in list.enumerated() {
            starts.append(Int32(text.count))
            guard agency.status != .hidden else { continue }
            for part in [agency.code.string] + agency.aliases.map(\.string) + [agency.name] {
                for word in FoldedText.words(part) {
                    if holders[word]?.last != Int32(index) { holders[word, default: []].append(Int32(index)) }
                    text += word
                    text.append(0x20)
                }
            }
        }
        starts.append(Int32(text.count))
        vocabulary = holders.keys.sorted { $0.lexicographicallyPrecedes($1) }
        for word in vocabulary {
            offsets.append(Int32(agencies.count))
            agencies += holders[word] ?? []
        }
        offsets.append(Int32(agencies.count))
    }

    /// Positions in the list that the search was made of, ascending.
    func agencies(matching question: String, limit: Int) -> [Int] {
        let wanted = Array(FoldedText.words(question).prefix(Self.wordsMax))
        let ranges = wanted.map(holders)
        guard let rarest = ranges.indices.min(by: { ranges[$0].count < ranges[$1].count }) else { return [] }
        // Rare words first: they tell soonest that an agency is not meant.
        let others = wanted.indices.filter { $0 != rarest }.sorted { ranges[$0].count < ranges[$1].count }
            .map { wanted[$0] }
        var found: Set<Int> = []
        for holder in agencies[ranges[rarest]].prefix(Self.candidatesMax) {
            guard found.count < limit else { break }
            let agency = Int(holder)
            if !found.contains(agency), others.allSatisfy({ has($0, agency) }) { found.insert(agency) }
        }
        return found.sorted()
    }

    /// Where in `agencies` those stand that have a word beginning with `prefix`.
    private func holders(_ prefix: [UInt8]) -> Range<Int> {
        let lower = vocabulary.partition { !$0.lexicographicallyPrecedes(prefix) }
        let upper = vocabulary.partition { !$0.starts(with: prefix) && prefix.lexicographicallyPrecedes($0) }
        return Int(offsets[lower])..<Int(offsets[upper])
    }

    private func has(_ prefix: [UInt8], _ agency: Int) -> Bool {
        var position = Int(starts[agency])
        let end = Int(starts[agency + 1])
        while position < end {
            var length = 0
            while length < prefix.count, text[position + length] == prefix[length] { length += 1 }
            if length == prefix.count { return true }
            while text[position] != 0x20 { position += 1 }
            position += 1
        }
        return false
    }
}

extension [[UInt8]] {
    /// The first index from which on `isPast` holds; the array must be sorted so that it holds to the end.
    fileprivate func partition(_ isPast: ([UInt8]) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isPast(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
