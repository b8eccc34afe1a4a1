package import Exchange
package import Storage

/// How long the bytes of letters stay after everybody has them.
package struct RetentionPolicy: Sendable, Hashable {
    /// What a rule is about; the first rule that fits a document decides.
    package struct Rule: Sendable, Hashable {
        /// Nil for every kind.
        package var kind: DocumentKind?
        /// Words of the letter's type (`Giấy mời`), letter case and diacritics aside; nil for every type.
        package var documentType: String?
        package var priority: Priority?
        /// Days after the last recipient took it; nil for ever.
        package var days: Int?

        package init(
            kind: DocumentKind? = nil, documentType: String? = nil, priority: Priority? = nil, days: Int?
        ) {
            self.kind = kind
            self.documentType = documentType
            self.priority = priority
            self.days = days
        }
    }

    package var rules: [Rule]
    /// How often the hub looks for what is due.
    package var intervalSeconds: Int

    package init(rules: [Rule] = [], intervalSeconds: Int = 3600) {
        self.rules = rules
        self.intervalSeconds = intervalSeconds
    }

    private static let secondsPerDay: Int64 = 86_400

    /// Until when the document stays; nil where no rule ends its time.
    package func end(of document: KeptDocument) -> Instant? {
        guard let settledAt = document.settledAt else { return nil }
        return period(of: document).map { settledAt.adding(seconds: $0) }
    }

    /// Seconds; nil for ever.
    func period(of document: KeptDocument) -> Int64? {
        let rule = rules.first { rule in
            (rule.kind ?? document.kind) == document.kind
                && (rule.priority ?? document.priority) == document.priority
                && rule.documentType.map {
                    FoldedText.words($0) == FoldedText.words(document.documentType)
                } ?? true
        }
        return rule?.days.map { Int64($0) * Self.secondsPerDay }
    }
}
