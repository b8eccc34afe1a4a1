internal import EdXML
internal import Exchange
internal import Storage

/// Recall, update, replacement and the request to give back: who may, and whom it is about [edXML 1.3, 1.5].
extension Admission {
    /// More earlier letters in one message are taken for a mistake.
    private static let targetsMax = 100

    /// Nil for a new letter; of no use where something is found wrong with it.
    func action(
        of letter: Letter, _ route: Route, from sender: Agency, _ findings: inout [Finding]
    ) -> LetterAction? {
        guard let operation = LetterOperation(number: letter.businessType) else { return nil }
        let owners = directory.inheritedCodes(of: sender, at: now)
        var foreign: [Finding] = []
        var ways: [[LetterAction.Target]] = []
        for way in letter.targetWays {
            if way.count > Self.targetsMax {
                findings.append(
                    way[Self.targetsMax].place.finding(
                        .valueInvalid, "Một văn bản chỉ được nêu nhiều nhất \(Self.targetsMax) văn bản cũ."))
                continue
            }
            var targets: [LetterAction.Target] = []
            for reference in way {
                guard isOwn(reference, owners) else {
                    foreign.append(
                        reference.place.finding(
                            .targetNotYours,
                            "Văn bản \(reference.documentID) là của \(reference.organID ?? ""); chỉ cơ quan "
                                + "đã gửi mới được \(operation.title) nó."))
                    continue
                }
                targets.append(target(reference, &findings))
            }
            if !targets.isEmpty { ways.append(targets) }
        }
        let changes = letter.business.kind == .update ? letter.business.receiverChanges : []
        let removed = parties(changes.filter { !$0.isAdded }.map { ($0.organID, $0.place) }, &findings)
        let added = parties(changes.filter(\.isAdded).map { ($0.organID, $0.place) }, &findings)
        // Beside its target a letter may name one that it answers.
        if ways.isEmpty { findings += foreign }
        let gone = Set(removed.map(\.recipient))
        let addressees = (route.parties + added).filter { !gone.contains($0.recipient) }
        return LetterAction(
            operation, owners: owners, ways: ways, addressees: addressees, removed: removed,
            notice: notice(operation, by: letter.code))
    }

    /// 13: the sender asks one recipient to give the letter back.
    func request(
        _ status: StatusMessage, to party: LetterAction.Party, from sender: Agency
    ) -> LetterAction {
        let target = LetterAction.Target(
            documentID: status.responseFor.documentID, parties: nil, place: status.responseFor.place)
        return LetterAction(
            .recall, owners: directory.inheritedCodes(of: sender, at: now), ways: [[target]],
            addressees: [party], isStatus: true, notice: notice(.recall, by: "trạng thái 13"))
    }

    /// - Parameter named: the code in the message, which may be one that has ended.
    func party(_ agency: Agency, named: AgencyCode, _ place: ElementPlace) -> LetterAction.Party {
        var codes = directory.inheritedCodes(of: agency, at: now)
        if !codes.contains(named) { codes.append(named) }
        return LetterAction.Party(recipient: agency.code, codes: codes, place: place)
    }

    private func isOwn(_ reference: TargetReference, _ owners: [AgencyCode]) -> Bool {
        guard let named = reference.organID else { return true }
        return owners.contains(directory.agency(named)?.code ?? named)
    }

    private func target(
        _ reference: TargetReference, _ findings: inout [Finding]
    ) -> LetterAction.Target {
        let parties =
            reference.organIDs.isEmpty
            ? nil : self.parties(reference.organIDs.map { ($0, reference.place) }, &findings)
        return LetterAction.Target(
            documentID: reference.documentID, parties: parties, place: reference.place)
    }

    private func parties(
        _ codes: [(code: AgencyCode, place: ElementPlace)], _ findings: inout [Finding]
    ) -> [LetterAction.Party] {
        codes.compactMap { code, place in
            guard let named = directory.agency(code) else {
                findings.append(
                    place.finding(
                        .recipientUnknown, Self.unknownDetail(code)))
                return nil
            }
            guard let agency = directory.recipient(named.code, at: now) else {
                findings.append(
                    place.finding(
                        .recipientNotActive, Self.notActiveDetail(code)))
                return nil
            }
            return party(agency, named: named.code, place)
        }
    }

    /// What the sender hears of a copy that never reached its recipient.
    private func notice(_ operation: LetterOperation, by code: String) -> LetterAction.Notice {
        { [directory, hubStatus] recipient, letter, instant in
            let name = directory.agency(recipient)?.name ?? ""
            return hubStatus.message(
                .agreed, from: recipient, named: name, about: HubStatus.Letter(letter),
                reason: "bản chưa giao cho nơi nhận đã được rút khỏi trục (\(operation.title), \(code)).",
                at: instant)
        }
    }
}
