/// What may be asked of each address, for the answer to who asks something else (RFC 9110 section 15.5.6).
enum AllowedMethods {
    private static let read = ["GET", "HEAD"]

    /// - Parameter segments: of the whole path.
    /// - Returns: empty where there is no such address.
    static func of(_ segments: [String]) -> [String] {
        let path = Array(segments.dropFirst())
        switch segments.first {
        case "log": return read
        case "v1": return ofV1(path)
        default: return []
        }
    }

    private static func ofV1(_ path: [String]) -> [String] {
        switch (path.first ?? "", path.count) {
        case ("documents", 1), ("uploads", 1): ["POST"]
        case ("documents", 2), ("outbox", 1), ("overdue", 1), ("alerts", 1), ("legal-holds", 1): read
        case ("documents", 3): ofDocument(path[2])
        case ("uploads", 2): ["HEAD", "PATCH", "DELETE"]
        case ("inbox", 1), ("report", 1): ["GET"]
        case ("inbox", 2): path[1] == "events" ? ["GET"] : []
        case ("deliveries", 3): ["POST"]
        case ("webhooks", 1): read + ["POST"]
        case ("webhooks", 2): ["DELETE"]
        case ("webhooks", 3): ["enable", "test"].contains(path[2]) ? ["POST"] : []
        case ("dead-letters", 1): read
        case ("dead-letters", 3): path[2] == "export" ? read : ["POST"]
        case ("agencies", 1): read + ["PUT"]
        case ("agencies", 2): read
        case ("agencies", 3...): ofAgency(path[2], path.count)
        default: []
        }
    }

    private static func ofDocument(_ name: String) -> [String] {
        switch name {
        case "content", "signature", "receipt", "evidence": read
        case "legal-hold": ["PUT", "DELETE"]
        default: []
        }
    }

    private static func ofAgency(_ name: String, _ count: Int) -> [String] {
        switch (name, count) {
        case ("retire", 3): ["POST"]
        case ("certificates", 5): ["PUT", "DELETE"]
        case ("vxp-secrets", 3): ["GET", "POST"]
        case ("vxp-secrets", 4): ["DELETE"]
        case ("vxp-addresses", 3): ["GET", "PUT"]
        default: []
        }
    }
}
