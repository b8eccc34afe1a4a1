internal import Exchange
internal import Hub
internal import JSON

extension Configuration {
    /// `retention`: rules in their order.
    static func retention(_ section: ConfigurationSection) throws(ConfigurationError) -> RetentionPolicy {
        var policy = RetentionPolicy()
        policy.intervalSeconds = Int(
            try section.integer("intervalSeconds", in: 1...86_400, default: Int64(policy.intervalSeconds)))
        for item in try section.sections("rules") {
            var rule = RetentionPolicy.Rule(days: nil)
            if item.has("kind") { rule.kind = try item.choice("kind", default: DocumentKind.letter) }
            rule.documentType = try item.optionalText("type")
            if item.has("priority") {
                let number = try item.integer("priority", in: 0...4, default: 0)
                rule.priority = Priority(rawValue: Int(number))
            }
            guard let days = item.value("days") else {
                throw item.error("days", "phải có: số ngày, hoặc null để giữ mãi")
            }
            if !days.isNull {
                rule.days = Int(try item.integer("days", in: 0...36_500, default: 0))
            }
            try item.finish()
            policy.rules.append(rule)
        }
        try section.finish()
        return policy
    }
}
