import Foundation
import Testing

/// What the preloaded disk does; the numbers are those of `Tests/Faults/faults.h`.
enum FaultKind: UInt32, CaseIterable {
    case none = 0
    case killBefore, killAfter
    case cutBefore, cutAfter
    case noSpace, ioError, shortWrite
    case syncLost
    case lyingDisk

    /// Those that end the process at the call itself.
    var kills: Bool { [.killBefore, .killAfter, .cutBefore, .cutAfter].contains(self) }

    static let drawn: [FaultKind] = [
        .killBefore, .killAfter, .cutBefore, .cutBefore, .cutAfter, .cutAfter, .noSpace, .ioError,
        .shortWrite, .syncLost,
    ]
}

/// The library that stands between the daemon and its disk, and the page through which a test commands it.
final class FaultShim {
    /// Field offsets in `struct control`.
    private enum Field {
        static let armed = 0
        static let kind = 4
        static let at = 8
        static let calls = 16
        static let seed = 24
        static let fired = 32
        static let sticky = 36
        static let clock = 40
        static let databaseSyncsOnly = 48
        static let call = 56
        static let size = 120
    }

    /// Compiled once, by the same compiler that the build uses.
    private static let library: Swift.Result<String, any Error> = Swift.Result {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Faults").path
        let library = Program.folder + "/libfaults.so"
        let made = library + ".\(getpid())"
        let compiler = try Child(
            "cc",
            [
                "-shared", "-fPIC", "-O1", "-o", made, sources + "/shim.c", sources + "/powerloss.c",
                "-lpthread",
            ],
            errors: made + ".log")
        try #require(compiler.wait() == 0, "Tests/Faults does not compile; see \(made).log")
        try? FileManager.default.removeItem(atPath: made + ".log")
        rename(made, library)
        return library
    }

    private let path: String
    private let page: UnsafeMutableRawPointer

    /// - Parameter world: whose data directory becomes the disk that fails.
    init(_ world: World) throws {
        path = world.path("fault-control")
        try Data(count: Field.size).write(to: URL(fileURLWithPath: path))
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        page = try #require(
            mmap(nil, Field.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            "the control page cannot be mapped")
        world.environment = [
            "LD_PRELOAD": try Self.library.get(), "FAULT_CONTROL": path, "FAULT_ROOT": world.path("data"),
        ]
    }

    deinit { munmap(page, Field.size) }

    /// From now on calls are counted, and the fault happens at call `number`; 0 only counts.
    ///
    /// - Parameter ofDatabase: only synchronizations of `hub.db` itself are counted.
    func arm(
        _ kind: FaultKind, at number: UInt64, seed: UInt64, isSticky: Bool = false, ofDatabase: Bool = false
    ) {
        disarm()
        store(kind.rawValue, Field.kind)
        store(number, Field.at)
        store(UInt64(0), Field.calls)
        store(seed, Field.seed)
        store(UInt32(0), Field.fired)
        store(UInt32(isSticky ? 1 : 0), Field.sticky)
        store(UInt32(ofDatabase ? 1 : 0), Field.databaseSyncsOnly)
        store(UInt32(1), Field.armed)
    }

    func disarm() { store(UInt32(0), Field.armed) }

    /// Calls since the page was armed.
    var calls: UInt64 { page.load(fromByteOffset: Field.calls, as: UInt64.self) }
    var hasFired: Bool { page.load(fromByteOffset: Field.fired, as: UInt32.self) > 0 }
    /// The name of the call that the fault happened at.
    var call: String { String(cString: page.advanced(by: Field.call).assumingMemoryBound(to: CChar.self)) }

    /// Moves the daemon's wall clock.
    func setClock(milliseconds: Int64) { store(milliseconds, Field.clock) }

    private func store<Value: FixedWidthInteger>(_ value: Value, _ offset: Int) {
        page.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }
}
