import Releasability

@testable import MessageFormats

/// Documents written for these tests, so that they say something where the data of others are absent.
enum Documents {
    /// Each element and attribute of the schema that is read, once at least.
    static let policy = """
        <?xml version="1.0" encoding="UTF-8"?>
        <s:SPIF xmlns:s="http://www.xmlspif.org/spif" schemaVersion="2.1" version="3" creationDate="20260101000000Z"
            originatorDN="CN=Nobody" keyIdentifier="00" privilegeId="1.3.26.0.4774.5.24.1" rbacId="1.3.26.0.4774.5.24.1">
          <s:defaultSecurityPolicyId name="Default" id="2.999.9"/>
          <s:securityPolicyId name="LIGHTHOUSE" id="2.999.5"/>
          <s:securityClassifications>
            <s:securityClassification name="OPEN" lacv="1" hierarchy="1" color="green">
              <s:equivalentClassification policyRef="QUAY" lacv="1" applied="both"/>
            </s:securityClassification>
            <s:securityClassification name="DIM" lacv="002" hierarchy="2" color="#FF8C00">
              <s:equivalentClassification policyRef="QUAY" lacv="2" applied="encrypt">
                <s:requiredCategory operation="all">
                  <s:categoryGroup tagSetRef="Caveats" tagType="restrictive" lacv="1"/>
                </s:requiredCategory>
              </s:equivalentClassification>
              <s:markingData xml:lang="fr" phrase="FAIBLE"><s:code>pageTopBottom</s:code></s:markingData>
              <s:markingData phrase="D"><s:code>portionMarking</s:code></s:markingData>
            </s:securityClassification>
            <s:securityClassification name="DARK" lacv="3" hierarchy="3" obsolete="true">
              <s:requiredCategory operation="oneOrMore">
                <s:categoryGroup tagSetRef="Keepers" tagType="enumerated" enumType="permissive" all="true"/>
              </s:requiredCategory>
            </s:securityClassification>
          </s:securityClassifications>
          <s:securityCategoryTagSets>
            <s:securityCategoryTagSet name="Lamps" id="2.999.5.1">
              <s:securityCategoryTag name="Lamps" tagType="restrictive" singleSelection="true">
                <s:tagCategory name="FRESNEL" lacv="1"><s:excludedClass>OPEN</s:excludedClass></s:tagCategory>
                <s:tagCategory name="ARGAND" lacv="9" requiredClass="DIM"/>
              </s:securityCategoryTag>
              <s:securityCategoryTag name="Oils" tagType="enumerated" enumType="restrictive">
                <s:tagCategory name="COLZA" lacv="70000"/>
              </s:securityCategoryTag>
            </s:securityCategoryTagSet>
            <s:securityCategoryTagSet name="Keepers" id="2.999.5.2">
              <s:securityCategoryTag name="Keepers" tagType="enumerated" enumType="permissive" maxSelection="2">
                <s:tagCategory name="XAA" lacv="1">
                  <s:equivalentSecCategoryTag policyRef="QUAY" tagSetId="2.999.2.2" tagType="permissive" lacv="1"
                      applied="encrypt"/>
                </s:tagCategory>
                <s:tagCategory name="XBB &amp; Sons" lacv="2">
                  <s:excludedCategory tagSetRef="Shifts" tagType="permissive" all="true"/>
                </s:tagCategory>
                <s:markingQualifier markingCode="pageTopBottom">
                  <s:qualifier markingQualifier="for " qualifierCode="prefix"/>
                  <s:qualifier xml:lang="fr" markingQualifier="pour " qualifierCode="prefix"/>
                  <s:qualifier markingQualifier=", " qualifierCode="separator"/>
                </s:markingQualifier>
              </s:securityCategoryTag>
            </s:securityCategoryTagSet>
            <s:securityCategoryTagSet name="Shifts" id="2.999.5.3">
              <s:securityCategoryTag name="Shifts" tagType="permissive">
                <s:tagCategory name="DAY" lacv="0"/><s:tagCategory name="NIGHT" lacv="12" obsolete="1"/>
              </s:securityCategoryTag>
            </s:securityCategoryTagSet>
            <s:securityCategoryTagSet name="Notes" id="2.999.5.4">
              <s:securityCategoryTag name="Notes" tagType="tagType7" tag7Encoding="bitSetAttributes">
                <s:tagCategory name="LOG" lacv="3">
                  <s:equivalentSecCategoryTag policyRef="QUAY" tagSetId="2.999.2.4" tagType="tagType7" lacv=""
                      applied="encrypt" action="discard"/>
                </s:tagCategory>
              </s:securityCategoryTag>
            </s:securityCategoryTagSet>
          </s:securityCategoryTagSets>
          <s:equivalentPolicies><s:equivalentPolicy name="QUAY" id="2.999.2"/></s:equivalentPolicies>
          <s:markingQualifier><s:qualifier markingQualifier="- " qualifierCode="prefix"/></s:markingQualifier>
          <s:extensions><x:any xmlns:x="urn:x"/></s:extensions>
        </s:SPIF>
        """

    static let label = """
        <l:originatorConfidentialityLabel xmlns:l="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
            ReviewDateTime="2031-01-01T00:00:00Z">
          <l:ConfidentialityInformation>
            <l:PolicyIdentifier URI="urn:oid:2.999.5">LIGHTHOUSE</l:PolicyIdentifier>
            <l:Classification>DIM</l:Classification>
            <l:PrivacyMark>by hand</l:PrivacyMark>
            <l:Category Type="RESTRICTIVE" TagName="Lamps" URI="urn:oid:2.999.5.1">
              <l:GenericValue>FRESNEL</l:GenericValue>
              <l:GenericValue>COLZA</l:GenericValue>
            </l:Category>
            <l:Category Type="PERMISSIVE" TagName="Keepers"><l:GenericValue>XBB &amp; Sons</l:GenericValue></l:Category>
            <l:Category Type="INFORMATIVE" TagName="Notes"><l:GenericValue>LOG</l:GenericValue></l:Category>
          </l:ConfidentialityInformation>
          <l:OriginatorID IDType="rfc822Name">keeper@lighthouse.example</l:OriginatorID>
          <l:CreationDateTime>2026-01-01T01:00:00.5+01:00</l:CreationDateTime>
        </l:originatorConfidentialityLabel>
        """

    static let clearance = """
        <c:ConfidentialityClearance xmlns:c="urn:nato:stanag:4774:confidentialityclearance:1:0"
            xmlns:l="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0">
          <l:PolicyIdentifier>LIGHTHOUSE</l:PolicyIdentifier>
          <c:ClassificationList>
            <l:Classification>OPEN</l:Classification><l:Classification>DIM</l:Classification>
          </c:ClassificationList>
          <l:Category Type="RESTRICTIVE" TagName="Lamps">
            <l:GenericValue>FRESNEL</l:GenericValue><l:GenericValue>COLZA</l:GenericValue>
          </l:Category>
          <l:Category Type="PERMISSIVE" TagName="Keepers"><l:GenericValue>XBB &amp; Sons</l:GenericValue></l:Category>
        </c:ConfidentialityClearance>
        """

    static func oid(_ text: String) -> OID {
        guard let oid = OID(text) else { preconditionFailure("\(text) is no identifier") }
        return oid
    }

    static func policies() throws -> PolicyCatalogue {
        var policies = PolicyCatalogue()
        try policies.add(try SPIFReader.read(Array(self.policy.utf8)))
        return policies
    }

    static let id = oid("2.999.5")
    static let fresnel = CategoryKey(tagSet: oid("2.999.5.1"), type: .restrictive, lacv: 1)
    static let colza = CategoryKey(tagSet: oid("2.999.5.1"), type: .enumeratedRestrictive, lacv: 70_000)
    static let xaa = CategoryKey(tagSet: oid("2.999.5.2"), type: .enumeratedPermissive, lacv: 1)
    static let xbb = CategoryKey(tagSet: oid("2.999.5.2"), type: .enumeratedPermissive, lacv: 2)
    static let night = CategoryKey(tagSet: oid("2.999.5.3"), type: .permissive, lacv: 12)
    static let log = CategoryKey(tagSet: oid("2.999.5.4"), type: .informative, lacv: 3)

    /// What `label` says.
    static let said = SecurityLabel(
        policy: id, classification: 2, categories: [fresnel, colza, xbb, log], privacyMark: "by hand")

    /// A value of ASN.1 with a tag of one octet.
    static func value(_ tag: UInt8, _ contents: [UInt8]...) -> [UInt8] {
        let contents = contents.flatMap { $0 }
        return [tag] + (contents.count < 128 ? [UInt8(contents.count)] : [0x81, UInt8(contents.count)]) + contents
    }

    /// `said` in BER: bits, integers, and informative bits.
    static let ber: [UInt8] = {
        func form(_ last: UInt8) -> [UInt8] {
            value(0x80, [0x60, 0x86, 0x48, 0x01, 0x65, 0x02, 0x01, 0x08, 0x03, last])
        }
        func set(_ last: UInt8) -> [UInt8] { value(0x06, [0x88, 0x37, 0x05, last]) }
        func category(_ form: [UInt8], _ tag: [UInt8]) -> [UInt8] { value(0x30, form, value(0xA1, value(0x30, tag))) }
        return value(
            0x31, value(0x02, [0x02]), value(0x06, [0x88, 0x37, 0x05]), value(0x0C, Array("by hand".utf8)),
            value(
                0x31, category(form(0), set(1) + value(0x03, [0x06, 0x40])),
                category(form(4), set(1) + value(0x31, value(0x02, [0x01, 0x11, 0x70]))),
                category(form(1), set(2) + value(0x31, value(0x02, [0x02]))),
                category(form(3), set(4) + value(0x03, [0x04, 0x10]))))
    }()
}
