internal import Exchange
internal import Hub
internal import OpenSSL
internal import Storage
internal import Synchronization
internal import Transport

/// SIGHUP: new certificates, trust and policy for new connections and letters; what is running goes on as it
/// began.
final class Reload: Sendable {
    private struct Current {
        var configuration: Configuration
        var digest: Digest256
    }

    private let file: String
    private let server: Server
    private let api: SocketAddress
    private let vxp: SocketAddress?
    private let hub: Hub
    private let trust: TrustUpkeep
    private let log: LogWriter
    private let current: Mutex<Current>

    init(
        _ configuration: Configuration, server: Server, api: SocketAddress, vxp: SocketAddress?, hub: Hub,
        trust: TrustUpkeep, log: LogWriter
    ) {
        file = configuration.file
        self.server = server
        self.api = api
        self.vxp = vxp
        self.hub = hub
        self.trust = trust
        self.log = log
        current = Mutex(Current(configuration: configuration, digest: configuration.digest))
    }

    func perform() {
        do {
            let configuration = try Configuration(file: file, bytes: try Material.read(file))
            let material = try Material(configuration)
            try trust.reload(configuration, material)
            _ = server.replaceTLS(material.serverTLS, on: api)
            if let vxp, let context = material.vxpTLS { _ = server.replaceTLS(context, on: vxp) }
            try hub.reloadDirectory()
            hub.replaceRetention(configuration.retention)
            record(configuration)
            log.write(.info, "reloaded", [("trust", .text(trust.version.hex))])
        } catch {
            // The old material stays in use: a typing mistake must not take the hub down.
            log.write(.error, "reload_failed", [("cause", .text("\(error)"))])
        }
    }

    private func record(_ new: Configuration) {
        let old = current.withLock { current in
            defer { current = Current(configuration: new, digest: new.digest) }
            return current
        }
        if old.configuration.policy != new.policy { hub.record(.policyChanged(new.policy.digest)) }
        if old.digest != new.digest { hub.record(.configurationChanged(new.digest)) }
        if !old.configuration.differsOnlyInWhatReloads(from: new) {
            log.write(.warning, "restart_needed", [("configuration", .text(new.digest.hex))])
        }
    }
}
