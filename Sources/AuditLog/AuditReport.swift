package import Exchange

/// One thing that is wrong with a log, and where.
package struct AuditFinding: Sendable, Equatable {
    /// Stable; `docs` lists them for auditors.
    package enum Code: String, Sendable, CaseIterable {
        case fileMissing = "file_missing"
        case fileUnreadable = "file_unreadable"
        case checkpointInvalid = "checkpoint_invalid"
        /// `checkpoint.5` that is of another size.
        case checkpointMisnamed = "checkpoint_misnamed"
        /// An older checkpoint that this log does not continue: the log was rewritten or forked.
        case checkpointInconsistent = "checkpoint_inconsistent"
        case rootDiffers = "root_differs"
        case bundleMalformed = "bundle_malformed"
        /// An entry that is not the one that the tile has the hash of.
        case entryDiffers = "entry_differs"
        case entryMalformed = "entry_malformed"
        /// Names a predecessor that does not come before it.
        case entryOutOfOrder = "entry_out_of_order"
        /// Of the wrong width, cut, or with bytes after its end.
        case tileMalformed = "tile_malformed"
        /// A hash that does not follow from the level below.
        case tileDiffers = "tile_differs"
    }

    package let code: Code
    /// Of the file, within the mirror.
    package let path: String
    /// Of the entry, or of the hash in its level; nil where the whole file is meant.
    package let index: Int64?
    /// Vietnamese.
    package let detail: String

    package init(_ code: Code, path: String, index: Int64? = nil, detail: String) {
        self.code = code
        self.path = path
        self.index = index
        self.detail = detail
    }
}

/// What an audit saw.
package struct AuditReport: Sendable {
    /// More are counted, not kept.
    package static let findingsMax = 200

    package internal(set) var origin = ""
    /// As the checkpoint says.
    package internal(set) var size: Int64 = 0
    package internal(set) var root: Digest256?
    /// Entries that were read and hashed; less than `size` where the replay could not go on.
    package internal(set) var replayed: Int64 = 0
    /// Older checkpoints that the log was found to continue.
    package internal(set) var olderCheckpoints = 0
    package private(set) var findings: [AuditFinding] = []
    package private(set) var findingCount = 0

    package init() {}

    /// True where every entry, tile and checkpoint is as it must be.
    package var isSound: Bool { findingCount == 0 && root != nil && replayed == size }

    mutating func add(_ finding: AuditFinding) {
        findingCount += 1
        if findings.count < Self.findingsMax { findings.append(finding) }
    }
}
