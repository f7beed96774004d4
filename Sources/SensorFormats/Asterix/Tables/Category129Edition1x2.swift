// Written by hand: this category is in no machine-readable set; the notation: AsterixTable.swift.
// Source: EUROCONTROL-SPEC-0149-29, category 129, edition 1.2 (12 June 2019), paragraphs 5.2 and 5.3.
//
// The standard contradicts itself in one place: its profile gives item 120 one octet, paragraph 5.2.12 three, of which it
// describes the first. The paragraph is followed, the other two octets are kept as they are.

extension AsterixTable {
    /// UAS Identification and Target Reports.
    static let cat129Edition1x2 = AsterixTable(
        category: 129, major: 1, minor: 2,
        text: #"""
            uap 010 015 020 030 040 050 070 080 090 100 110 120 SP 185 220
            # 010 Data Source Identification
            010(SAC:8 SIC:8)
            # 015 Data Destination Identification
            015(DAC:8 DIC:8)
            # 020 Manufacturer Identification
            020:24a
            # 030 Model Identification
            030:24a
            # 040 Serial Number
            040:96h
            # 050 Registration Country
            050:16a
            # 070 Time of Day
            070:24u1/2^7"s"@..86400
            # 080 Position in WGS-84 Co-ordinates
            080(LAT:32s180/2^30"°"@-90..90 LON:32s180/2^30"°"@-180..180)
            # 090 Altitude above Mean Sea Level
            090:24s1/10"m"
            # 100 Altitude above Ground Level
            100:24s1/10"m"
            # 110 GNSS Signal Accuracy
            110:16u1"m"
            # 120 Operational Risk Levels
            120(UCC:2t ARC:2t AEC:4t REST:16h)
            # 185 Horizontal Velocity
            185(HVX:20s1/100"m/s" HVY:20s1/100"m/s")
            # 220 Vertical Velocity
            220(-4 VV:20s1/100"m/s")
            # SP Special Purpose Field
            SP!sp
            """#)
}
