/// The messages of SAPIENT as facts: field numbers, types and which must be there.
///
///     message NAME
///     NUMBER NAME TYPE [*][!][letter] [ulid|uuid]
///     enum NAME PREFIX names from 0 on, - where there is none
///
/// `*` repeated, `!` mandatory, a letter: at most one of those with the same letter, a capital: exactly one. `time` is
/// google.protobuf.Timestamp. `opaque` is kept as it is and never read: tasks are not for us.
///
/// Edition 2.0, and the fields that only 1.0 has (RegistrationAck 2, StatusReport 9, Power 1 and 2, Status 2, AlertAck
/// 2 and 3, Error 2, Command 1): the numbers of the two do not clash.
///
/// Source: BSI Flex 335 v2.0:2024 and v1.0:2023, message definitions of Dstl.
enum SapientSchema {
    static let all = ProtoSchema(
        """
        message SapientMessage
        1 timestamp time !
        2 node_id string ! uuid
        3 destination_id string  uuid
        4 registration Registration A
        5 registration_ack RegistrationAck A
        6 status_report StatusReport A
        7 detection_report DetectionReport A
        8 task opaque A
        9 task_ack opaque A
        10 alert Alert A
        11 alert_ack AlertAck A
        12 error Error A
        13 additional_information string
        message Registration
        1 node_definition Registration.NodeDefinition *!
        2 icd_version string !
        3 name string
        4 short_name string
        5 capabilities Registration.Capability *!
        6 status_definition Registration.StatusDefinition !
        7 mode_definition Registration.ModeDefinition *!
        8 dependent_nodes string *
        9 reporting_region LocationOrRangeBearing *
        10 config_data Registration.ConfigurationData *!
        message Registration.NodeDefinition
        1 node_type Registration.NodeType !
        2 node_sub_type string *
        message Registration.Capability
        1 category string !
        2 type string !
        3 value string
        4 units string
        message Registration.StatusDefinition
        1 status_interval Registration.Duration !
        2 location_definition Registration.LocationType
        3 coverage_definition Registration.LocationType
        4 obscuration_definition Registration.LocationType
        5 status_report Registration.StatusReport *
        6 field_of_view_definition Registration.LocationType
        message Registration.Duration
        1 units Registration.TimeUnits !
        3 value float !
        message Registration.LocationType
        1 location_units LocationCoordinateSystem A
        2 range_bearing_units RangeBearingCoordinateSystem A
        3 location_datum LocationDatum B
        4 range_bearing_datum RangeBearingDatum B
        5 zone string
        message Registration.StatusReport
        1 category Registration.StatusReportCategory !
        2 type string !
        3 units string
        4 on_change bool
        message Registration.ModeDefinition
        1 mode_name string !
        2 mode_type Registration.ModeType !
        3 mode_description string
        4 settle_time Registration.Duration !
        5 maximum_latency Registration.Duration
        6 scan_type Registration.ScanType
        7 tracking_type Registration.TrackingType
        8 duration Registration.Duration
        9 mode_parameter Registration.ModeParameter *
        10 detection_definition Registration.DetectionDefinition *
        11 task Registration.TaskDefinition !
        message Registration.ModeParameter
        1 type string !
        2 value string !
        message Registration.DetectionDefinition
        1 location_type Registration.LocationType !
        2 detection_performance Registration.PerformanceValue *
        3 detection_report Registration.DetectionReport *
        4 detection_class_definition Registration.DetectionClassDefinition *
        5 behaviour_definition Registration.BehaviourDefinition *
        6 velocity_type Registration.VelocityType
        7 geometric_error Registration.GeometricError
        message Registration.PerformanceValue
        1 type string !
        2 units string !
        3 unit_value string !
        4 variation_type string
        message Registration.DetectionReport
        1 category Registration.DetectionReportCategory !
        2 type string !
        3 units string !
        4 on_change bool
        message Registration.DetectionClassDefinition
        1 confidence_definition Registration.ConfidenceDefinition
        2 class_performance Registration.PerformanceValue *
        3 class_definition Registration.ClassDefinition *
        4 taxonomy_dock_definition Registration.TaxonomyDockDefinition *
        message Registration.ClassDefinition
        1 type string !
        2 units string
        3 sub_class Registration.SubClass *
        message Registration.SubClass
        1 type string !
        2 units string
        3 level int32 !
        4 sub_class Registration.SubClass *
        message Registration.TaxonomyDockDefinition
        1 Dock_class_namespace string !
        2 Dock_class string !
        3 Extension_subclass Registration.ExtensionSubclass *
        message Registration.ExtensionSubclass
        1 Subclass_namespace string !
        2 Subclass_name string !
        3 units string
        message Registration.BehaviourDefinition
        1 type string !
        2 units string
        message Registration.VelocityType
        4 enu_velocity_units ENUVelocityUnits A
        6 location_datum LocationDatum B
        7 range_bearing_datum RangeBearingDatum B
        8 zone string
        message ENUVelocityUnits
        1 east_north_rate_units SpeedUnits !
        2 up_rate_units SpeedUnits
        message Registration.GeometricError
        1 type string !
        2 units string !
        3 variation_type string !
        4 performance_value Registration.PerformanceValue *
        message Registration.TaskDefinition
        1 concurrent_tasks int32
        2 region_definition Registration.RegionDefinition !
        3 command Registration.Command *
        message Registration.RegionDefinition
        1 region_type Registration.RegionType *!
        2 settle_time Registration.Duration
        3 region_area Registration.LocationType *!
        4 class_filter_definition Registration.ClassFilterDefinition *
        5 behaviour_filter_definition Registration.BehaviourFilterDefinition *
        message Registration.ClassFilterDefinition
        1 filter_parameter Registration.FilterParameter *
        2 sub_class_definition Registration.SubClassFilterDefinition *
        3 type string !
        message Registration.FilterParameter
        1 parameter string !
        2 operators Operator *!
        message Registration.SubClassFilterDefinition
        1 filter_parameter Registration.FilterParameter *
        2 level int32 !
        3 type string !
        4 sub_class_definition Registration.SubClassFilterDefinition *
        message Registration.BehaviourFilterDefinition
        1 filter_parameter Registration.FilterParameter *
        2 type string !
        message Registration.Command
        1 name string
        2 units string !
        3 completion_time Registration.Duration !
        4 type Registration.CommandType !
        message LocationOrRangeBearing
        1 range_bearing RangeBearingCone A
        2 location_list LocationList A
        message RangeBearingCone
        1 elevation double
        2 azimuth double
        3 range double
        4 horizontal_extent double
        5 vertical_extent double
        6 horizontal_extent_error double
        7 vertical_extent_error double
        8 elevation_error double
        9 azimuth_error double
        10 range_error double
        11 coordinate_system RangeBearingCoordinateSystem !
        12 datum RangeBearingDatum !
        message LocationList
        1 locations Location *!
        message Location
        1 x double !
        2 y double !
        3 z double
        4 x_error double
        5 y_error double
        6 z_error double
        7 coordinate_system LocationCoordinateSystem !
        8 datum LocationDatum !
        9 utm_zone string
        message Registration.ConfigurationData
        1 manufacturer string !
        2 model string !
        3 serial_number string
        4 hardware_version string
        5 software_version string
        6 sub_components Registration.ConfigurationData *
        message RegistrationAck
        1 acceptance bool !
        2 ack_response_reason string
        3 ack_response_reason string *
        message StatusReport
        1 report_id string ! ulid
        2 system StatusReport.System !
        3 info StatusReport.Info !
        4 active_task_id string  ulid
        5 mode string !
        6 power StatusReport.Power
        7 node_location Location
        8 field_of_view LocationOrRangeBearing
        9 coverage LocationOrRangeBearing
        10 obscuration LocationOrRangeBearing *
        11 status StatusReport.Status *
        12 coverage LocationOrRangeBearing *
        message StatusReport.Power
        1 source string
        2 status string
        3 level int32
        4 source StatusReport.PowerSource
        5 status StatusReport.PowerStatus
        message StatusReport.Status
        1 status_level StatusReport.StatusLevel
        2 status_type string
        3 status_value string
        4 status_type StatusReport.StatusType !
        message DetectionReport
        1 report_id string ! ulid
        2 object_id string ! ulid
        3 task_id string  ulid
        4 state string
        5 range_bearing RangeBearing A
        6 location Location A
        7 detection_confidence float
        8 track_info DetectionReport.TrackObjectInfo *
        9 prediction_location DetectionReport.PredictedLocation
        10 object_info DetectionReport.TrackObjectInfo *
        11 classification DetectionReport.DetectionReportClassification *
        12 behaviour DetectionReport.Behaviour *
        13 associated_file AssociatedFile *
        14 signal DetectionReport.Signal *
        15 associated_detection AssociatedDetection *
        16 derived_detection DetectionReport.DerivedDetection *
        19 enu_velocity ENUVelocity b
        22 colour string
        23 id string
        message RangeBearing
        1 elevation double
        2 azimuth double
        3 range double
        4 elevation_error double
        5 azimuth_error double
        6 range_error double
        7 coordinate_system RangeBearingCoordinateSystem !
        8 datum RangeBearingDatum !
        message DetectionReport.TrackObjectInfo
        1 type string !
        2 value string !
        3 error float
        message DetectionReport.PredictedLocation
        1 range_bearing RangeBearing a
        2 location Location a
        3 predicted_timestamp time
        message DetectionReport.DetectionReportClassification
        1 type string !
        2 confidence float
        3 sub_class DetectionReport.SubClass *
        message DetectionReport.SubClass
        1 type string !
        2 confidence float
        3 level int32 !
        4 sub_class DetectionReport.SubClass *
        message DetectionReport.Behaviour
        1 type string !
        2 confidence float
        message AssociatedFile
        1 type string !
        2 url string !
        message DetectionReport.Signal
        1 amplitude float !
        2 start_frequency float
        3 centre_frequency float !
        4 stop_frequency float
        5 pulse_duration float
        message AssociatedDetection
        1 timestamp time
        2 node_id string ! uuid
        3 object_id string ! ulid
        4 association_type AssociationRelation
        message DetectionReport.DerivedDetection
        1 timestamp time
        2 node_id string ! uuid
        3 object_id string ! ulid
        message ENUVelocity
        1 east_rate double !
        2 north_rate double !
        3 up_rate double
        4 east_rate_error double
        5 north_rate_error double
        6 up_rate_error double
        message Alert
        1 alert_id string ! ulid
        2 alert_type Alert.AlertType
        3 status Alert.AlertStatus
        4 description string
        5 range_bearing RangeBearing a
        6 location Location a
        7 region_id string  ulid
        8 priority Alert.DiscretePriority
        9 ranking float
        10 confidence float
        11 associated_file AssociatedFile *
        12 associated_detection AssociatedDetection *
        13 additional_information string
        message AlertAck
        1 alert_id string ! ulid
        2 alert_status AlertAck.AlertAckStatus
        3 reason string
        4 reason string *
        5 alert_ack_status AlertAck.AlertAckStatus !
        message Error
        1 packet bytes !
        2 error_message string
        3 error_message string *
        enum Registration.NodeType NODE_TYPE_ UNSPECIFIED OTHER RADAR LIDAR CAMERA SEISMIC ACOUSTIC \
            PROXIMITY_SENSOR PASSIVE_RF HUMAN CHEMICAL BIOLOGICAL RADIATION KINETIC JAMMER CYBER LDEW RFDEW \
            MOBILE_NODE POINTABLE_NODE FUSION_NODE
        enum Registration.TimeUnits TIME_UNITS_ UNSPECIFIED NANOSECONDS MICROSECONDS MILLISECONDS SECONDS MINUTES \
            HOURS DAYS
        enum LocationCoordinateSystem LOCATION_COORDINATE_SYSTEM_ UNSPECIFIED LAT_LNG_DEG_M LAT_LNG_RAD_M - - \
            UTM_M
        enum RangeBearingCoordinateSystem RANGE_BEARING_COORDINATE_SYSTEM_ UNSPECIFIED DEGREES_M RADIANS_M \
            DEGREES_KM RADIANS_KM
        enum LocationDatum LOCATION_DATUM_ UNSPECIFIED WGS84_E WGS84_G
        enum RangeBearingDatum RANGE_BEARING_DATUM_ UNSPECIFIED TRUE MAGNETIC GRID PLATFORM
        enum Registration.StatusReportCategory STATUS_REPORT_CATEGORY_ UNSPECIFIED SENSOR POWER MODE STATUS
        enum Registration.ModeType MODE_TYPE_ UNSPECIFIED PERMANENT TEMPORARY DEFAULT
        enum Registration.ScanType SCAN_TYPE_ UNSPECIFIED FIXED SCANNING STEERABLE
        enum Registration.TrackingType TRACKING_TYPE_ UNSPECIFIED NONE TRACKLET TRACK TRACK_WITH_RE_ID
        enum Registration.DetectionReportCategory DETECTION_REPORT_CATEGORY_ UNSPECIFIED DETECTION TRACK OBJECT \
            SIGNAL
        enum Registration.ConfidenceDefinition CONFIDENCE_DEFINITION_ UNSPECIFIED SINGLE_CLASS MULTI_CLASS
        enum SpeedUnits SPEED_UNITS_ UNSPECIFIED MS KPH
        enum Registration.RegionType REGION_TYPE_ UNSPECIFIED AREA_OF_INTEREST IGNORE BOUNDARY \
            MOBILE_NODE_NO_GO_AREA MOBILE_NODE_GO_AREA
        enum Operator OPERATOR_ UNSPECIFIED ALL GREATER_THAN LESS_THAN EQUAL
        enum Registration.CommandType COMMAND_TYPE_ UNSPECIFIED REQUEST DETECTION_THRESHOLD DETECTION_REPORT_RATE \
            CLASSIFICATION_THRESHOLD MODE_CHANGE LOOK_AT MOVE_TO PATROL FOLLOW
        enum StatusReport.System SYSTEM_ UNSPECIFIED OK WARNING ERROR - GOODBYE
        enum StatusReport.Info INFO_ UNSPECIFIED NEW UNCHANGED
        enum StatusReport.PowerSource POWERSOURCE_ UNSPECIFIED OTHER MAINS INTERNAL_BATTERY EXTERNAL_BATTERY \
            GENERATOR SOLAR_PV WIND_TURBINE FUEL_CELL
        enum StatusReport.PowerStatus POWERSTATUS_ UNSPECIFIED OK FAULT
        enum StatusReport.StatusLevel STATUS_LEVEL_ UNSPECIFIED - INFORMATION_STATUS WARNING_STATUS ERROR_STATUS
        enum StatusReport.StatusType STATUS_TYPE_ UNSPECIFIED INTERNAL_FAULT EXTERNAL_FAULT ILLUMINATION WEATHER \
            CLUTTER EXPOSURE MOTION_SENSITIVITY PTZ_STATUS PD FAR NOT_DETECTING PLATFORM OTHER
        enum AssociationRelation ASSOCIATION_RELATION_ UNSPECIFIED NO_RELATION PARENT CHILD SIBLING
        enum Alert.AlertType ALERT_TYPE_ UNSPECIFIED INFORMATION WARNING CRITICAL ERROR FATAL MODE_CHANGE
        enum Alert.AlertStatus ALERT_STATUS_ UNSPECIFIED ACTIVE ACKNOWLEDGE REJECT IGNORE CLEAR
        enum Alert.DiscretePriority DISCRETE_PRIORITY_ UNSPECIFIED LOW MEDIUM HIGH
        enum AlertAck.AlertAckStatus ALERT_ACK_STATUS_ UNSPECIFIED ACCEPTED REJECTED CANCELLED
        """)
}
