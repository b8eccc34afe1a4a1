internal import JSON

/// The one spelling that an entry may have: two spellings would be two leaves for one event.
package enum CanonicalJSON {
    /// True where `entry` is an object with an `event` and a `time`, its names sorted by bytes at every
    /// depth, without white space, with integers and strings only, escaped as this project escapes.
    package static func isCanonical(_ entry: [UInt8]) -> Bool {
        read(entry) != nil
    }

    /// - Returns: the entry, and the index that it names as its predecessor.
    static func read(_ entry: [UInt8]) -> (value: JSONValue, previous: Int64?)? {
        guard let value = try? JSONReader.read(entry), value["event"]?.string != nil,
            value["time"]?.string != nil
        else {
            return nil
        }
        var writer = JSONWriter()
        guard write(value, into: &writer), writer.bytes == entry else { return nil }
        guard let previous = value["previous"] else { return (value, nil) }
        guard let index = previous.integer else { return nil }
        return (value, index)
    }

    private static func write(_ value: JSONValue, into writer: inout JSONWriter) -> Bool {
        switch value.content {
        case .integer(let number): writer.integer(number)
        case .string(let text): writer.string(text)
        case .array(let values):
            var isCanonical = true
            writer.array { writer in
                for value in values where isCanonical { isCanonical = write(value, into: &writer) }
            }
            return isCanonical
        case .object(let members):
            var isCanonical = true
            writer.object { writer in
                var last: String?
                for member in members where isCanonical {
                    isCanonical = last.map { $0.utf8.lexicographicallyPrecedes(member.name.utf8) } ?? true
                    last = member.name
                    writer.name(member.name)
                    isCanonical = write(member.value, into: &writer) && isCanonical
                }
            }
            return isCanonical
        case .null, .boolean, .double: return false
        }
        return true
    }
}
