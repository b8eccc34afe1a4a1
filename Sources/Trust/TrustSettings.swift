/// `trust` of the configuration.
package struct TrustSettings: Sendable, Hashable {
    package var paths: TrustPaths
    package var fetch: FetchSettings
    /// How often the files are looked at for changes; 0 for never.
    package var checkSeconds: Int64

    package init(paths: TrustPaths, fetch: FetchSettings = FetchSettings(), checkSeconds: Int64 = 0) {
        self.paths = paths
        self.fetch = fetch
        self.checkSeconds = checkSeconds
    }
}
