package import Exchange

/// An agency as a letter names it.
package struct Organization: Sendable, Equatable {
    /// OrganId: opaque, never empty in a letter that was read.
    package var organID: AgencyCode
    package var inCharge: String
    package var name: String
    package var address: String
    package var email: String
    package var telephone: String
    package var fax: String
    package var website: String
    /// Of its OrganId, for later findings such as an unknown recipient:
    /// `/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId`.
    package var place: ElementPlace

    package init(
        organID: AgencyCode, inCharge: String = "", name: String, address: String = "", email: String = "",
        telephone: String = "", fax: String = "", website: String = "", place: ElementPlace = .unknown
    ) {
        self.organID = organID
        self.inCharge = inCharge
        self.name = name
        self.address = address
        self.email = email
        self.telephone = telephone
        self.fax = fax
        self.website = website
        self.place = place
    }

    /// A mistake in this organisation's code, for those who know the directory.
    package func finding(_ code: RejectionCode, _ detail: String) -> Finding {
        place.finding(code, detail)
    }
}

/// StaffInfo: who in the agency did it.
package struct Staff: Sendable, Equatable {
    package var department: String
    package var name: String
    package var email: String
    package var mobile: String

    package init(department: String = "", name: String = "", email: String = "", mobile: String = "") {
        self.department = department
        self.name = name
        self.email = email
        self.mobile = mobile
    }
}
