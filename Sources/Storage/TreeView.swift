internal import AuditLog
internal import Exchange
internal import Synchronization

/// The committed tree as readers see it: its right edge and the tiles used lately, so that the proofs of the
/// batch just committed cost no SQL.
final class TreeView: Sendable {
    struct Snapshot: Sendable {
        let state: TreeState
        let frontier: TreeFrontier
        fileprivate let recent: [TreeFrontier.CompleteTile]

        /// The partial tile at the edge, or a tile that was completed lately.
        func nodes(_ level: Int, _ number: Int64) -> TileNodes? {
            frontier.nodes(level: level, number: number)
                ?? recent.last { $0.tile.level == level && $0.tile.number == number }?.nodes
        }
    }

    private struct State {
        var snapshot: Snapshot
        /// Complete tiles that readers fetched.
        var fetched: [Int64: TileNodes] = [:]
    }

    /// 16 KiB each.
    private static let recentMax = 64
    private static let fetchedMax = 128

    private let state: Mutex<State>

    init(_ frontier: TreeFrontier) {
        state = Mutex(
            State(snapshot: Snapshot(state: frontier.state, frontier: frontier, recent: [])))
    }

    var snapshot: Snapshot { state.withLock { $0.snapshot } }

    /// After COMMIT.
    func advance(to tree: TreeState, _ frontier: TreeFrontier, completed: [TreeFrontier.CompleteTile]) {
        state.withLock { state in
            let recent = (state.snapshot.recent + completed).suffix(Self.recentMax)
            state.snapshot = Snapshot(state: tree, frontier: frontier, recent: Array(recent))
        }
    }

    func fetched(_ level: Int, _ number: Int64) -> TileNodes? {
        state.withLock { $0.fetched[LogTable.tileID(level, number)] }
    }

    func keep(_ nodes: TileNodes, _ level: Int, _ number: Int64) {
        state.withLock { state in
            if state.fetched.count >= Self.fetchedMax { state.fetched = [:] }
            state.fetched[LogTable.tileID(level, number)] = nodes
        }
    }
}
