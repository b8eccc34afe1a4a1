internal import Exchange
internal import Hub
internal import JSON

extension ExchangeRules {
    /// `rules`, but for what the store is told.
    init(_ section: ConfigurationSection) throws(ConfigurationError) {
        self.init()
        if let days = section.value("workingDays") {
            let numbers = days.array?.compactMap(\.integer) ?? []
            guard !numbers.isEmpty, numbers.count == days.array?.count,
                numbers.allSatisfy({ (1...7).contains($0) })
            else {
                throw section.error(
                    "workingDays", "phải là danh sách các ngày từ 1 (thứ Hai) đến 7 (Chủ nhật)")
            }
            calendar.workingDays = Set(numbers.map(Int.init))
        }
        for day in try section.texts("holidays") {
            guard Instant(isoDate: day) != nil else {
                throw section.error("holidays", "phải là các ngày có thật viết yyyy-MM-dd")
            }
            calendar.holidays.insert(day)
        }
        calendar.arrivesUntilMinutes = try Self.minutes(
            section, "arrivesUntil", default: calendar.arrivesUntilMinutes)
        calendar.confirmByMinutes = try Self.minutes(
            section, "confirmBy", default: calendar.confirmByMinutes)
        let alerts = try section.section("alertSeconds")
        for (name, priorities) in [
            ("urgent", [Priority.urgent]), ("moreUrgent", [.moreUrgent]),
            ("express", [.express, .expressTimed]),
        ] {
            let standard = Int64(alertSeconds[priorities[0]] ?? 0)
            let seconds = try alerts.integer(name, in: 0...31_536_000, default: standard)
            for priority in priorities { alertSeconds[priority] = seconds == 0 ? nil : Int(seconds) }
        }
        try alerts.finish()
        try section.finish()
    }

    /// `17:00`, up to `24:00`.
    private static func minutes(
        _ section: ConfigurationSection, _ name: String, default standard: Int
    ) throws(ConfigurationError) -> Int {
        guard let text = try section.optionalText(name) else { return standard }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), hour >= 0, (0...59).contains(minute),
            (1...1440).contains(hour * 60 + minute)
        else { throw section.error(name, "phải là giờ trong ngày, từ 00:01 đến 24:00, ví dụ 17:00") }
        return hour * 60 + minute
    }

    /// For the digest that names the policy in the audit log.
    var texts: [String] {
        [
            "workingDays " + calendar.workingDays.sorted().map(String.init).joined(separator: " "),
            "holidays " + calendar.holidays.sorted().joined(separator: " "),
            "arrivesUntil \(calendar.arrivesUntilMinutes)", "confirmBy \(calendar.confirmByMinutes)",
        ]
            + Priority.allCases.map { "alertSeconds \($0.rawValue) \(alertSeconds[$0] ?? 0)" }
    }
}
