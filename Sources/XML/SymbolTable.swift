internal import Exchange

/// Prefixes and URIs by number, in the order of their coming.
///
/// A letter has half a dozen of them: those are compared in turn, which is quicker than hashing one. What
/// comes after the first sixteen is found by its hash, so that a thousand of them cost no square.
struct SymbolTable {
    private var few: [ExactString] = ["", "xml"]
    private var many: [ExactString: Int] = [:]
    private static let fewMax = 16

    subscript(string: ExactString) -> Int? {
        for (place, known) in few.enumerated() where known == string { return place }
        return many.isEmpty ? nil : many[string]
    }

    /// - Precondition: `string` is new, and `symbol` is how many there are.
    mutating func insert(_ string: ExactString, as symbol: Int) {
        if few.count < Self.fewMax { few.append(string) } else { many[string] = symbol }
    }
}
