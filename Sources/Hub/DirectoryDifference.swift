package import Exchange
internal import JSON

/// What an import would change in the directory, agency by agency. What stays as it is costs nothing: a daily
/// import of a country writes the few agencies that changed since yesterday.
package struct DirectoryDifference: Sendable {
    package enum Kind: String, Sendable { case added, changed, retired }

    package struct Item: Sendable, Equatable {
        package let kind: Kind
        package let code: AgencyCode
        /// Which members differ, by their names in a directory file; empty unless changed.
        package let members: [String]
    }

    /// In the order of the import, then the retired ones by code.
    package let items: [Item]
    /// Agencies to write.
    package let put: [Agency]
    /// Agencies that are in force today and not in an import that replaces all.
    package let retired: [AgencyCode]
    package let unchanged: Int

    package init(from present: [Agency], to coming: [Agency], replacingAll: Bool) {
        var known: [AgencyCode: Agency] = [:]
        for agency in present { known[agency.code] = agency }
        var items: [Item] = []
        var put: [Agency] = []
        var unchanged = 0
        for agency in coming {
            guard let old = known[agency.code] else {
                items.append(Item(kind: .added, code: agency.code, members: []))
                put.append(agency)
                continue
            }
            let members = Self.members(old, agency)
            if members.isEmpty {
                unchanged += 1
            } else {
                items.append(Item(kind: .changed, code: agency.code, members: members))
                put.append(agency)
            }
        }
        var retired: [AgencyCode] = []
        if replacingAll {
            let kept = Set(coming.map(\.code))
            retired = present.filter { !kept.contains($0.code) && $0.status != .retired }.map(\.code).sorted()
            items += retired.map { Item(kind: .retired, code: $0, members: []) }
        }
        self.items = items
        self.put = put
        self.retired = retired
        self.unchanged = unchanged
    }

    package func count(_ kind: Kind) -> Int { items.count { $0.kind == kind } }

    /// - Parameter itemsMax: more are counted but not listed.
    package func json(isDryRun: Bool, itemsMax: Int = 1000) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("dryRun", isDryRun)
            for kind in [Kind.added, .changed, .retired] { writer.member(kind.rawValue, count(kind)) }
            writer.member("unchanged", unchanged)
            writer.name("changes")
            writer.array(items.prefix(itemsMax)) { writer, item in
                writer.object { object in
                    object.member("code", item.code)
                    object.member("change", item.kind.rawValue)
                    guard !item.members.isEmpty else { return }
                    object.name("members")
                    object.array(item.members) { $0.string($1) }
                }
            }
        }
    }

    private static func members(_ old: Agency, _ new: Agency) -> [String] {
        // Names are compared as bytes: NFC for NFD is a change, because the trail shows what was put.
        var members: [String] = []
        if ExactString(old.name) != ExactString(new.name) { members.append("name") }
        if old.aliases != new.aliases { members.append("aliases") }
        if old.parent != new.parent { members.append("parent") }
        if old.successor != new.successor { members.append("successor") }
        if old.contact.lines != new.contact.lines { members.append("contact") }
        if old.actsFor.lines != new.actsFor.lines { members.append("actsFor") }
        if old.level != new.level { members.append("level") }
        if old.status != new.status { members.append("status") }
        if old.effectiveFrom != new.effectiveFrom { members.append("effectiveFrom") }
        if old.effectiveTo != new.effectiveTo { members.append("effectiveTo") }
        if old.signaturePolicy != new.signaturePolicy { members.append("signaturePolicy") }
        if old.unknownRevocation != new.unknownRevocation { members.append("unknownRevocation") }
        if Set(old.transportCertificates) != Set(new.transportCertificates) {
            members.append("transportCertificates")
        }
        if Set(old.signingCertificates) != Set(new.signingCertificates) {
            members.append("signingCertificates")
        }
        return members
    }
}

extension Agency.Contact {
    fileprivate var lines: [ExactString] { [email, telephone, address].map { ExactString($0) } }
}

extension [Agency.ActingRight] {
    fileprivate var lines: [ExactString] {
        map { ExactString("\($0.agency) \($0.until.rfc3339)") }.sorted()
    }
}
