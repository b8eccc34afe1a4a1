internal import CSQLite

/// Why SQLite did not do what was asked.
package struct DatabaseError: Error, Sendable, CustomStringConvertible {
    /// What the caller must tell apart; the extended code says more to a person.
    package enum Kind: Sendable, Equatable {
        /// Nothing was changed; works again once there is room.
        case diskFull
        /// The device or the file system failed. What is on disk is not known to be what was written.
        case ioFailure
        /// Another connection held a lock for longer than the busy timeout.
        case busy
        /// A uniqueness, foreign-key or check rule.
        case constraint
        /// The file is not a database, or its pages contradict each other.
        case damaged
        case cannotOpen
        /// Written by a later release; see the message for both versions.
        case newerSchema
        /// COMMIT failed in a way that may or may not have made it durable. The caller stops, and reads the
        /// truth from the file when it starts again; trying again could do the work twice.
        case commitUnknown
        /// A mistake in our SQL, or memory ran out.
        case other
    }

    package let kind: Kind
    /// SQLite's extended result code; 0 where SQLite did not fail.
    package let extendedCode: Int32
    package let action: String
    package let message: String

    package init(_ kind: Kind, extendedCode: Int32 = 0, action: String, message: String) {
        self.kind = kind
        self.extendedCode = extendedCode
        self.action = action
        self.message = message
    }

    init(extendedCode: Int32, action: String, message: String) {
        self.init(Self.kind(of: extendedCode), extendedCode: extendedCode, action: action, message: message)
    }

    private static func kind(of extendedCode: Int32) -> Kind {
        switch extendedCode & 0xFF {
        case SQLITE_FULL: .diskFull
        case SQLITE_IOERR: .ioFailure
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH: .cannotOpen
        default: .other
        }
    }

    package var description: String { "\(action): \(message) (SQLite code \(extendedCode))" }
}
