import Files
import Foundation
import Storage
import Testing

@Suite struct `A file that fails` {
    private func error(_ number: Int32) -> StorageError {
        StorageError(FileError("open", path: "7.seg", number: number))
    }

    @Test func `does not end the hub for want of descriptors or of room`() {
        for number in [EMFILE, ENFILE] {
            #expect(error(number).code == .cannotOpen && !error(number).isFatal)
        }
        #expect(error(ENOSPC).code == .diskFull && !error(ENOSPC).isFatal)
        #expect(error(EIO).code == .ioFailure && error(EIO).isFatal)
    }
}
