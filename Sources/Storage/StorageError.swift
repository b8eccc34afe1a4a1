internal import Database
package import Files

/// Why the store could not do what was asked of it. Unless it says otherwise, nothing happened.
package struct StorageError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// No room. Everything was rolled back; the store goes on once there is room again.
        case diskFull
        /// The device failed. What is on disk is not known to be what was written.
        case ioFailure
        /// Another process has this data directory.
        case alreadyOpen
        /// A later release wrote this data directory.
        case newerSchema
        /// What is on disk contradicts itself.
        case damaged
        /// The database is older than the payload log: restored from a copy, or replaced. Going on would sign
        /// a second history of the log.
        case treeWentBack
        /// The last COMMIT may or may not be durable. Stop, and read the truth at the next start.
        case commitUnknown
        /// The directory cannot be read or written at all.
        case cannotOpen
        /// A mistake of ours, or memory ran out.
        case other
    }

    package let code: Code
    /// English, for the operator's log.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// True where the process must end: what it believes may no longer be what is stored.
    package var isFatal: Bool {
        switch code {
        case .ioFailure, .damaged, .treeWentBack, .commitUnknown, .other: true
        case .diskFull, .alreadyOpen, .newerSchema, .cannotOpen: false
        }
    }

    /// Vietnamese, for the operator: what to do.
    package var detail: String {
        switch code {
        case .diskFull: "Hết chỗ trên đĩa dữ liệu. Hãy giải phóng chỗ; trục tự chạy tiếp."
        case .ioFailure: "Đĩa dữ liệu bị lỗi đọc/ghi. Hãy kiểm tra đĩa trước khi khởi động lại."
        case .alreadyOpen: "Thư mục dữ liệu đang được một tiến trình khác sử dụng."
        case .newerSchema: "Dữ liệu do phiên bản mới hơn ghi. Hãy dùng phiên bản mới hơn của phần mềm."
        case .damaged: "Dữ liệu trên đĩa bị hỏng. Hãy khôi phục từ bản sao lưu."
        case .treeWentBack:
            "Cơ sở dữ liệu cũ hơn nhật ký trên đĩa (có thể do khôi phục bản sao lưu cũ). "
                + " Trục không ký lại lịch sử; chỉ mở với roll-forward khi người vận hành đã quyết định."
        case .commitUnknown:
            "Không rõ lần ghi cuối đã bền vững hay chưa. Hãy khởi động lại để đọc trạng thái thật."
        case .cannotOpen: "Không mở được thư mục dữ liệu. Hãy kiểm tra đường dẫn và quyền."
        case .other: "Lỗi nội bộ của kho lưu trữ."
        }
    }

    package var description: String { "\(code.rawValue): \(message)" }
}

extension StorageError {
    init(_ error: DatabaseError) {
        let code: Code =
            switch error.kind {
            case .diskFull: .diskFull
            case .ioFailure: .ioFailure
            case .busy: .alreadyOpen
            case .damaged: .damaged
            case .cannotOpen: .cannotOpen
            case .newerSchema: .newerSchema
            case .commitUnknown: .commitUnknown
            case .constraint, .other: .other
            }
        self.init(code, error.description)
    }

    package init(_ error: FileError) {
        // A file that could not be opened for want of a descriptor says nothing bad of the disk: nothing was
        // written, and the next try may find one.
        let isPassing = error.isOutOfDescriptors
        self.init(
            error.isDiskFull ? .diskFull : isPassing ? .cannotOpen : .ioFailure, error.description)
    }
}

/// Runs what throws a database's error, and throws it as the store's.
func mapping<Value>(_ body: () throws(DatabaseError) -> Value) throws(StorageError) -> Value {
    do throws(DatabaseError) {
        return try body()
    } catch {
        throw StorageError(error)
    }
}

/// The same for files.
package func mappingFiles<Value>(_ body: () throws(FileError) -> Value) throws(StorageError) -> Value {
    do throws(FileError) {
        return try body()
    } catch {
        throw StorageError(error)
    }
}
