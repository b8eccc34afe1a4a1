/// A moment in UTC with a resolution of one millisecond.
///
/// Written by hand because DateFormatter costs 60 µs to make and is unsafe to share between threads.
package struct Instant: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Since 1970-01-01T00:00:00Z, leap seconds not counted.
    package let milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package init(seconds: Int64) {
        self.milliseconds = seconds * 1000
    }

    package var seconds: Int64 {
        milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.milliseconds < right.milliseconds
    }

    package func adding(milliseconds: Int64) -> Instant {
        Instant(milliseconds: self.milliseconds &+ milliseconds)
    }

    package func adding(seconds: Int64) -> Instant {
        adding(milliseconds: seconds &* 1000)
    }

    package var description: String { rfc3339 }
}

extension Instant {
    /// Year 1...9999 and fields in their ranges, else nil. `offsetMinutes` is the zone's, +420 for Vietnam.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        millisecond: Int = 0, offsetMinutes: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= Instant.days(inMonth: month, of: year), (0...23).contains(hour),
            (0...59).contains(minute), (0...59).contains(second), (0...999).contains(millisecond),
            (-1439...1439).contains(offsetMinutes)
        else { return nil }
        let days = Instant.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86400 + Int64(hour * 3600 + (minute - offsetMinutes) * 60 + second)
        self.init(milliseconds: seconds * 1000 + Int64(millisecond))
    }

    /// RFC 3339 with milliseconds and `Z`: `2026-11-20T02:15:30.000Z`.
    package var rfc3339: String {
        let parts = calendar(offsetMinutes: 0)
        // Digit by digit: every letter has a dozen of these, and interpolation costs a microsecond for each.
        guard (0...9999).contains(parts.year) else { return longRFC3339(parts) }
        return unsafe String(unsafeUninitializedCapacity: 24) { text in
            unsafe Self.write(parts.year, 4, into: text, at: 0, before: "-")
            unsafe Self.write(parts.month, 2, into: text, at: 5, before: "-")
            unsafe Self.write(parts.day, 2, into: text, at: 8, before: "T")
            unsafe Self.write(parts.hour, 2, into: text, at: 11, before: ":")
            unsafe Self.write(parts.minute, 2, into: text, at: 14, before: ":")
            unsafe Self.write(parts.second, 2, into: text, at: 17, before: ".")
            unsafe Self.write(parts.millisecond, 3, into: text, at: 20, before: "Z")
            return 24
        }
    }

    private static func write(
        _ number: Int, _ width: Int, into text: UnsafeMutableBufferPointer<UInt8>, at start: Int,
        before separator: Unicode.Scalar
    ) {
        var rest = number
        for place in stride(from: start + width - 1, through: start, by: -1) {
            unsafe text[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        unsafe text[start + width] = UInt8(truncatingIfNeeded: separator.value)
    }

    /// Of a year that has not four digits.
    private func longRFC3339(_ parts: Calendar) -> String {
        "\(Self.padded(parts.year, 4))-\(Self.padded(parts.month, 2))-\(Self.padded(parts.day, 2))T"
            + "\(Self.padded(parts.hour, 2)):\(Self.padded(parts.minute, 2)):\(Self.padded(parts.second, 2))."
            + "\(Self.padded(parts.millisecond, 3))Z"
    }

    /// As edXML writes times, in Vietnam's zone (+07:00) and without naming it: `2026/11/20 09:15:30`.
    package var edXMLTimestamp: String {
        let parts = calendar(offsetMinutes: 420)
        return "\(Self.padded(parts.year, 4))/\(Self.padded(parts.month, 2))/\(Self.padded(parts.day, 2)) "
            + "\(Self.padded(parts.hour, 2)):\(Self.padded(parts.minute, 2)):\(Self.padded(parts.second, 2))"
    }

    /// As edXML writes dates, Vietnam's calendar day: `2026/11/20`.
    package var edXMLDate: String { String(edXMLTimestamp.prefix(10)) }

    /// Reads RFC 3339 with any offset and up to nine digits of fraction (cut to milliseconds).
    package init?(rfc3339 text: some StringProtocol) {
        var scan = DigitScanner(text.utf8)
        guard let year = scan.number(4), scan.skip("-"), let month = scan.number(2), scan.skip("-"),
            let day = scan.number(2), scan.skip("T") || scan.skip("t") || scan.skip(" "),
            let hour = scan.number(2), scan.skip(":"), let minute = scan.number(2), scan.skip(":"),
            let second = scan.number(2)
        else { return nil }
        guard let millisecond = scan.skip(".") ? scan.fraction() : 0 else { return nil }
        var offset = 0
        if !(scan.skip("Z") || scan.skip("z")) {
            let sign = scan.skip("+") ? 1 : (scan.skip("-") ? -1 : 0)
            guard sign != 0, let hours = scan.number(2), hours < 24, scan.skip(":"),
                let minutes = scan.number(2), minutes < 60
            else { return nil }
            offset = sign * (hours * 60 + minutes)
        }
        guard scan.isAtEnd else { return nil }
        self.init(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second,
            millisecond: millisecond, offsetMinutes: offset)
    }

    /// Reads `yyyy/MM/dd` or `yyyy/MM/dd HH:mm:ss`; no zone is ever written, so +07:00 is assumed.
    package init?(edXML text: some StringProtocol) {
        var scan = DigitScanner(text.utf8)
        guard let year = scan.number(4), scan.skip("/"), let month = scan.number(2), scan.skip("/"),
            let day = scan.number(2)
        else { return nil }
        var clock = (hour: 0, minute: 0, second: 0)
        if !scan.isAtEnd {
            guard scan.skip(" "), let hour = scan.number(2), scan.skip(":"), let minute = scan.number(2),
                scan.skip(":"), let second = scan.number(2), scan.isAtEnd
            else { return nil }
            clock = (hour, minute, second)
        }
        self.init(
            year: year, month: month, day: day, hour: clock.hour, minute: clock.minute, second: clock.second,
            offsetMinutes: 420)
    }

    /// Reads `yyyy-MM-dd` as the beginning of that day in Vietnam (+07:00).
    package init?(isoDate text: some StringProtocol) {
        var scan = DigitScanner(text.utf8)
        guard let year = scan.number(4), scan.skip("-"), let month = scan.number(2), scan.skip("-"),
            let day = scan.number(2), scan.isAtEnd
        else { return nil }
        self.init(year: year, month: month, day: day, offsetMinutes: 420)
    }

    /// Vietnam's calendar day: `2026-11-20`.
    package var isoDate: String { edXMLDate.split(separator: "/").joined(separator: "-") }

    package struct Calendar: Sendable {
        package let year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int
    }

    /// Fields of the proleptic Gregorian calendar at `offsetMinutes` east of UTC.
    package func calendar(offsetMinutes: Int) -> Calendar {
        let local = milliseconds &+ Int64(offsetMinutes) * 60_000
        let day = local >= 0 ? local / 86_400_000 : (local - 86_399_999) / 86_400_000
        let inDay = Int(local - day * 86_400_000)
        // Howard Hinnant's civil-from-days, with March as the first month of the year.
        let shifted = Int(day) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Calendar(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, hour: inDay / 3_600_000,
            minute: inDay / 60_000 % 60, second: inDay / 1000 % 60, millisecond: inDay % 1000)
    }

    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// Walks over ASCII digits and separators.
private struct DigitScanner {
    private var rest: ArraySlice<UInt8>

    init(_ text: some Sequence<UInt8>) {
        rest = Array(text)[...]
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func number(_ width: Int) -> Int? {
        guard rest.count >= width else { return nil }
        var value = 0
        for byte in rest.prefix(width) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        rest.removeFirst(width)
        return value
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest.removeFirst()
        return true
    }

    /// One to nine digits after the point, as whole milliseconds.
    mutating func fraction() -> Int? {
        var value = 0
        var count = 0
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            if count < 3 { value = value * 10 + Int(byte - 0x30) }
            count += 1
            rest.removeFirst()
        }
        guard (1...9).contains(count) else { return nil }
        for _ in count..<max(count, 3) { value *= 10 }
        return value
    }
}
