// Written by hand: this edition is in no machine-readable set; the notation: AsterixTable.swift.
// Source: EUROCONTROL, category 062, edition 0.17 (before the standard's first release), for older systems.

extension AsterixTable {
    /// System Track Data, before its first release.
    static let cat062Edition0x17 = AsterixTable(
        category: 62, major: 0, minor: 17,
        text: #"""
            uap 010 015 070 040 105 100 060 130 135 136 180 200 220 240 210 080 290 340 380 500 390 110 120 510 - - RE SP
            # 010 Data Source Identifier
            010(SAC:8 SIC:8)
            # 015 Service Identification
            015:8
            # 040 Track Number
            040(-1 TRN:15)
            # 060 Track Mode 3/A Code
            060(-4 MODE3A:12o)
            # 070 Time Of Track
            070:24u1/2^7"s"
            # 080 Track Status
            080<MON:1t SPI:1t MRH:1t SRC:3t CNF:1t | SIM:1t TSE:1t TSB:1t FPC:1t -3 | AMA:1t FOEFRI:2t ME:1t MI:1t -2 |
                COA:1t PSR:1t SSR:1t MDS:1t ADS:1t SUC:1t AAC:1t |>
            # 100 Calculated Track Position (Cartesian)
            100(X:16s1/2^6"NM" Y:16s1/2^6"NM")
            # 105 Calculated Position In WGS-84 Co-ordinates
            105(LAT:24s180/2^23"°" LON:24s180/2^23"°")
            # 110 Track Mode 1 Code
            110(-3 MODE1:5)
            # 120 Track Mode 2 Code
            120(-4 MODE2:12o)
            # 130 Calculated Track Geometric Altitude
            130:16s25/2^2"ft"
            # 135 Calculated Track Barometric Altitude
            135(QNH:1t CTB:15s25"ft")
            # 136 Measured Flight Level
            136:16s1/2^2"FL"
            # 180 Calculated Track Velocity (Polar)
            180(GSP:16u1/2^14"NM/s" HDG:16u360/2^16"°")
            # 200 Mode of Flight
            200(TRANS:2t LONG:2t VERT:2t -2)
            # 210 Calculated Longitudinal Acceleration
            210:16s1/2^22"NM/s²"
            # 220 Calculated Rate Of Climb/Descent
            220:16s25/2^2"ft/min"
            # 240 Calculated Rate Of Turn
            240:8s1/2^2"°/s"
            # 290 System Track Update Ages
            290{PSR:8u1/2^2"s" SSR:8u1/2^2"s" MDA:8u1/2^2"s" MFL:8u1/2^2"s" MDS:8u1/2^2"s" ADS:16u1/2^2"s" ADB:8u1/2^2"s"
                MD1:8u1/2^2"s" MD2:8u1/2^2"s"}
            # 340 Measured Information
            340{SID(SAC:8 SIC:8) POS(RHO:16u1/2^8"NM" THETA:16u360/2^16"°") HEIGHT:16s25"ft" MDC(V:1t G:1t
                LMC:14s1/2^2"FL") MDA(V:1t G:1t L:1t -1 MODE3A:12o) TYP(TYP:3t SIM:1t RAB:1t TST:1t -2)}
            # 380 Mode S Related Data
            380{MB[1 :64b] ADR:24 ID:48i COM(COM:3t STAT:3t -2 SSC:1t ARC:1t AIC:1t B1A:1 B1B:4) ACS:56h}
            # 390 Flight Plan Related Data
            390{TAG(SAC:8 SIC:8) CS:56a IFI(TYP:2t -3 NBR:27u) FCT(GATOAT:2t FR1FR2:2t RVSM:2t HPR:1t -1) TAC:32a WTC:8a
                DEP:32a DST:32a RDS(NU1:8a NU2:8a LTR:8a) CFL:16u1/2^2"FL" CTL(CENTRE:8 POSITION:8) TOD[1 (TYP:5t DAY:2t
                -4 HOR:5u -2 MIN:6u AVS:1t -1 SEC:6u)] AST:48a STS(EMP:2t AVL:2t -4)}
            # 500 Estimated Accuracies
            500{APC(X:8u1/2^6"NM" Y:8u1/2^6"NM") APW(LAT:16u180/2^23"°" LON:16u180/2^23"°") ATA:16u25/2^2"ft"
                ATF:8u1/2^2"FL" ATV(GSP:8u1/2^14"NM/s" HDG:16u360/2^16"°") ART:8u1/2^2"°/s" ALA:16u1/2^22"NM/s²"
                ARC:8u25/2^2"ft/min"}
            # 510 Composed Track Number
            510[fx (IDENT:8 TRACK:15)]
            # RE Reserved Expansion Field
            RE!re
            # SP Special Purpose Field
            SP!sp
            """#)
}
