/// A bounded dictionary: when the young half is full it becomes the old half, and the old one is forgotten.
/// What is used stays, because a hit in the old half moves to the young one; every call costs O(1).
struct GenerationalCache<Key: Hashable, Value> {
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]
    private let halfCount: Int

    /// Holds between `count / 2` and `count` values.
    init(count: Int) {
        halfCount = max(1, count / 2)
    }

    mutating func value(for key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        insert(value, for: key)
        return value
    }

    mutating func insert(_ value: Value, for key: Key) {
        if young.count >= halfCount, young[key] == nil {
            old = young
            young.removeAll(keepingCapacity: true)
        }
        young[key] = value
    }
}
