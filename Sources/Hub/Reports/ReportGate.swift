internal import Synchronization

/// One report at a time: each keeps a worker and a reader of the database busy.
package final class ReportGate: Sendable {
    private let isBusy = Atomic<Bool>(false)

    package init() {}

    /// - Returns: false where another report is being made.
    package func begin() -> Bool {
        !isBusy.exchange(true, ordering: .acquiringAndReleasing)
    }

    package func end() {
        isBusy.store(false, ordering: .releasing)
    }
}
