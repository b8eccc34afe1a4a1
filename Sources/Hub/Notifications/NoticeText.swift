internal import Exchange
internal import JSON
internal import Storage

extension ExchangeNotice {
    /// What a push or an event says: that there is something and how to ask for it. Nothing of a letter.
    func json(at: Instant) -> [UInt8] {
        JSONWriter.object { writer in
            writer.member("type", kind.rawValue)
            writer.member("timestamp", at)
            writer.name("data")
            writer.object { data in
                data.member("agency", agency)
                data.member("documentKey", optional: document?.description)
                data.member("deliveryId", optional: delivery.map(String.init))
            }
        }
    }
}
