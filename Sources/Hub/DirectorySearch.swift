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

    /// Each agency's words, as their numbers in the vocabulary, ascending.
    private var words: [Int32] = []
    /// Where each agency's words begin in `words`; one more at the end.
    private var starts: [Int32] = [0]
    /// Every word that there is, sorted, so that those with one beginning are neighbours.
    private let vocabulary: [[UInt8]]
    /// For each word of the vocabulary where its agencies begin in `agencies`; one more at the end.
    private var offsets: [Int32]
    private var agencies: [Int32]

    init(_ list: [Agency]) {
        var numbers: [[UInt8]: Int32] = [:]
        var met: [[UInt8]] = []
        for agency in list {
            if agency.status != .hidden {
                for part in [agency.code.string] + agency.aliases.map(\.string) + [agency.name] {
                    for word in FoldedText.words(part) {
                        let number = numbers[word] ?? Int32(met.count)
                        if Int(number) == met.count {
                            numbers[word] = number
                            met.append(word)
                        }
                        words.append(number)
                    }
                }
            }
            starts.append(Int32(words.count))
        }
        let order = met.indices.sorted { met[$0].lexicographicallyPrecedes(met[$1]) }
        vocabulary = order.map { met[$0] }
        var ranks = [Int32](repeating: 0, count: met.count)
        for (rank, number) in order.enumerated() { ranks[number] = Int32(rank) }
        offsets = [Int32](repeating: 0, count: met.count + 1)
        agencies = []
        index(ranks)
    }

    /// Gives words their places in the vocabulary, and the vocabulary its agencies.
    private mutating func index(_ ranks: [Int32]) {
        var kept: [Int32] = []
        kept.reserveCapacity(words.count)
        var keptStarts: [Int32] = [0]
        for agency in 0..<starts.count - 1 {
            var previous: Int32 = -1
            for word in words[Int(starts[agency])..<Int(starts[agency + 1])].map({ ranks[Int($0)] }).sorted()
            where word != previous {
                kept.append(word)
                offsets[Int(word) + 1] += 1
                previous = word
            }
            keptStarts.append(Int32(kept.count))
        }
        (words, starts) = (kept, keptStarts)
        for word in 1..<max(1, offsets.count) { offsets[word] += offsets[word - 1] }
        agencies = [Int32](repeating: 0, count: kept.count)
        var next = offsets
        for agency in 0..<starts.count - 1 {
            for word in words[Int(starts[agency])..<Int(starts[agency + 1])] {
                agencies[Int(next[Int(word)])] = Int32(agency)
                next[Int(word)] += 1
            }
        }
    }

    /// Positions in the list that the search was made of, ascending.
    func agencies(matching question: String, limit: Int) -> [Int] {
        var wanted = FoldedText.words(question).prefix(Self.wordsMax).map(vocabularyRange)
        // Rare words first: they tell soonest that an agency is not meant.
        wanted.sort { holderCount($0) < holderCount($1) }
        guard let rarest = wanted.first else { return [] }
        let others = wanted.dropFirst()
        var found: Set<Int> = []
        let holders = agencies[Int(offsets[rarest.lowerBound])..<Int(offsets[rarest.upperBound])]
        for holder in holders.prefix(Self.candidatesMax) {
            guard found.count < limit else { break }
            let agency = Int(holder)
            if !found.contains(agency), others.allSatisfy({ has($0, agency) }) { found.insert(agency) }
        }
        return found.sorted()
    }

    /// Which words begin with `prefix`.
    private func vocabularyRange(_ prefix: [UInt8]) -> Range<Int> {
        let lower = vocabulary.partition { !$0.lexicographicallyPrecedes(prefix) }
        let upper = vocabulary.partition { !$0.starts(with: prefix) && prefix.lexicographicallyPrecedes($0) }
        return lower..<upper
    }

    private func holderCount(_ range: Range<Int>) -> Int {
        Int(offsets[range.upperBound] - offsets[range.lowerBound])
    }

    private func has(_ range: Range<Int>, _ agency: Int) -> Bool {
        for place in Int(starts[agency])..<Int(starts[agency + 1]) where range.contains(Int(words[place])) {
            return true
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
