"""The words both sides of the wire agree on.

Values are stable slugs: they are stored, hashed and sent, so a value is never renamed, only added.
What a person reads stands in ``labels/{vi,en,zh}.toml`` under the section named after the class;
a test proves that each member has a label in all three languages. Terms follow the glossary
(IHR, ICAO Doc 9303, Decree 165/2026, Decree 89/2018).
"""

from enum import StrEnum


class PointOfEntryKind(StrEnum):
    """Kinds of border point named by directive 001; control posts by directive 002."""

    INTERNATIONAL = "international"
    NATIONAL = "national"
    MAIN = "main"
    SECONDARY = "secondary"
    OPENING = "opening"
    TRAIL = "trail"
    SEAPORT = "seaport"
    WHARF = "wharf"
    AIRPORT = "airport"
    RAILWAY_STATION = "railway_station"
    CONTROL_POST = "control_post"


class Direction(StrEnum):
    """Decree 89/2018 article 1."""

    ENTRY = "entry"
    EXIT = "exit"
    TRANSIT = "transit"


class ModeOfEntry(StrEnum):
    """Air, road and water: directive 004. Rail: Decree 165/2026 article 28."""

    AIR = "air"
    ROAD = "road"
    WATER = "water"
    RAIL = "rail"


class TravellerCategory(StrEnum):
    """Who crosses, as the directives tell people apart. A property of the crossing, not of the person.

    ``ILLEGAL_CROSSING``: found outside a gate (R007, R039); an officer gives it to nobody, an interception does.
    """

    TOURIST = "tourist"
    BORDER_RESIDENT = "border_resident"
    EXPERT = "expert"
    DRIVER_OR_CREW = "driver_or_crew"
    RETURNING_CITIZEN = "returning_citizen"
    OFFICIAL = "official"
    ILLEGAL_CROSSING = "illegal_crossing"


class PurposeOfCrossing(StrEnum):
    """Code list of requirement R010 (directive 000, section II.1)."""

    TRADE_OR_WORK = "trade_or_work"
    FAMILY_VISIT = "family_visit"
    MEDICAL = "medical"
    TOURISM = "tourism"
    OFFICIAL_DUTY = "official_duty"
    PROJECT_EXPERT = "project_expert"
    DRIVER_OR_CARGO = "driver_or_cargo"
    RETURNING_HOME = "returning_home"
    OTHER = "other"


class DocumentKind(StrEnum):
    """What was shown at the lane. MRZ kinds follow ICAO Doc 9303 parts 4 to 7."""

    PASSPORT = "passport"
    IDENTITY_CARD = "identity_card"
    BORDER_PASS = "border_pass"
    BORDER_PERMIT = "border_permit"
    VISA = "visa"
    CREW_CERTIFICATE = "crew_certificate"
    OTHER = "other"
    NONE = "none"


class PassRegime(StrEnum):
    """Border passes by the border on which they are valid: Decree 76/2020, Circular 31/2023."""

    CHINA = "china"
    LAOS = "laos"
    CAMBODIA = "cambodia"


class Sex(StrEnum):
    """ICAO Doc 9303 part 3: M, F, and the filler for unspecified."""

    MALE = "male"
    FEMALE = "female"
    UNSPECIFIED = "unspecified"


class DeviceKind(StrEnum):
    """What measured. The same slugs as ``devices.reading.DeviceKind`` (a test holds them equal)."""

    THERMAL_ARRAY = "thermal_array"
    THERMAL_CAMERA = "thermal_camera"
    FACE_TERMINAL = "face_terminal"
    INFRARED_THERMOMETER = "infrared_thermometer"
    CLINICAL_THERMOMETER = "clinical_thermometer"
    DOCUMENT_READER = "document_reader"


class MeasuringSite(StrEnum):
    """Where on the body. The same slugs as ``devices.reading.MeasuringSite``."""

    INNER_CANTHUS = "inner_canthus"
    FACE_MAXIMUM = "face_maximum"
    FOREHEAD = "forehead"
    WRIST = "wrist"
    EAR = "ear"
    ORAL = "oral"
    AXILLARY = "axillary"


class ReadingKind(StrEnum):
    """What the number is. The same slugs as ``devices.reading.ReadingKind``; never mixed."""

    RAW_SKIN = "raw_skin"
    DEVICE_COMPENSATED = "device_compensated"
    CORE_ESTIMATE = "core_estimate"
    CLINICAL = "clinical"


class Outcome(StrEnum):
    """Conclusion of one assessment. Never positive or negative: those are laboratory words."""

    CLEARED = "cleared"
    WAIT = "wait"
    RECHECK = "recheck"
    REFERRED = "referred"
    REFUSED = "refused"


class Disposition(StrEnum):
    """Where a crossing stands. Each crossing has exactly one; their counts add up to crossings."""

    CLEARED = "cleared"
    ISOLATED = "isolated"
    REFERRED = "referred"
    REFUSED = "refused"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


class Severity(StrEnum):
    """Weight of one reason: what the verdict block's colour, shape and word say."""

    STOP = "stop"
    WAIT = "wait"
    NOTE = "note"


class ReasonCode(StrEnum):
    """Why an assessment came out as it did; words in the labels, values beside the code."""

    WITHIN_THRESHOLD = "within_threshold"
    RAISED_READING = "raised_reading"
    FEVER_CONFIRMED = "fever_confirmed"
    FEVER_NOT_CONFIRMED = "fever_not_confirmed"
    NO_READING = "no_reading"
    READING_NOT_USABLE = "reading_not_usable"
    NO_THRESHOLD = "no_threshold"
    SYMPTOMS_DECLARED = "symptoms_declared"
    FROM_RISK_AREA = "from_risk_area"
    DECLARATION_MISSING = "declaration_missing"
    DECLARATION_EXPIRED = "declaration_expired"
    DECLARATION_USED = "declaration_used"
    DECLARATION_OF_ANOTHER = "declaration_of_another"
    DECLARATION_FROM_FUTURE = "declaration_from_future"
    TRAFFIC_STOPPED = "traffic_stopped"
    TRAFFIC_RESTRICTED = "traffic_restricted"
    QUOTA_REACHED = "quota_reached"
    DOCUMENT_EXPIRED = "document_expired"
    DOCUMENT_CANCELLED = "document_cancelled"
    DOCUMENT_CHECK_DIGIT = "document_check_digit"
    EXPERT_FULL_CONTROL = "expert_full_control"
    MEASURED_BY_EXCEPTION = "measured_by_exception"
    REPEAT_MEASUREMENT_FOR_ALL = "repeat_measurement_for_all"
    OUTSIDE_HOURS = "outside_hours"
    PURPOSE_NOT_ALLOWED = "purpose_not_allowed"
    QUOTA_OF_HOUR_REACHED = "quota_of_hour_reached"
    QUOTA_COUNTED = "quota_counted"
    PLACE_NOT_ASKED = "place_not_asked"
    WAS_AT_PLACE = "was_at_place"
    NOT_AT_PLACE = "not_at_place"
    CONTACT_DECLARED = "contact_declared"
    EXCEPTION_NOT_FITTING = "exception_not_fitting"
    FALLBACK_FIRST = "fallback_first"
    OVERRIDDEN = "overridden"
    INTERCEPTED = "intercepted"
    PRESENTED_ELSEWHERE = "presented_elsewhere"
    STILL_IN_CARE = "still_in_care"


class ExceptionCode(StrEnum):
    """Why a crossing is closed without a valid reading: R008; officer and reason are mandatory."""

    INFANT = "infant"
    MEDICAL_CONDITION = "medical_condition"
    DEVICE_FAILURE = "device_failure"
    REFUSED_MEASUREMENT = "refused_measurement"
    EMERGENCY_PASSAGE = "emergency_passage"


class Symptom(StrEnum):
    """Form 01 of Decree 89/2018: signs within the last 7 days."""

    FEVER = "fever"
    COUGH = "cough"
    SHORTNESS_OF_BREATH = "shortness_of_breath"
    SORE_THROAT = "sore_throat"
    VOMITING = "vomiting"
    DIARRHOEA = "diarrhoea"
    HAEMORRHAGE = "haemorrhage"
    RASH = "rash"


class OrderState(StrEnum):
    """State of a traffic order: R012."""

    OPEN = "open"
    RESTRICTED = "restricted"
    STOPPED = "stopped"


class QuarantineForm(StrEnum):
    """Directives 003 and 004; gate and medical facility from Decree 165/2026 article 14."""

    CENTRALISED = "centralised"
    HOME = "home"
    LODGING = "lodging"
    WORKPLACE = "workplace"
    MEDICAL_FACILITY = "medical_facility"
    GATE = "gate"


class ResponseScenario(StrEnum):
    """Plan 06/KH-BCD named by directive 000: situations 1 to 3."""

    SCENARIO_1 = "scenario_1"
    SCENARIO_2 = "scenario_2"
    SCENARIO_3 = "scenario_3"


class ClockKind(StrEnum):
    """Legal deadlines that run for one person at the gate; limits come from the law pack in force."""

    RECHECK = "recheck"
    PHYSICAL_CHECK = "physical_check"
    TEMPORARY_HOLD = "temporary_hold"
    ISOLATION_LIST = "isolation_list"
    ISOLATION_DECISION = "isolation_decision"
    GATE_ISOLATION = "gate_isolation"
    FACILITY_HANDOVER = "facility_handover"
    CONSULAR_NOTICE = "consular_notice"
    PERSON_NOTICE = "person_notice"
    COMPULSORY_ORDER = "compulsory_order"
    TRANSFER_ARRIVAL = "transfer_arrival"


class CaseClass(StrEnum):
    """Only a CDC reviewer makes a case: the surveillance classes of a case definition."""

    SUSPECTED = "suspected"
    PROBABLE = "probable"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


class IncarnationReason(StrEnum):
    """Why an edge began a new chain under the same key."""

    RESTORED_DATABASE = "restored_database"
    RESTORED_IDENTITY = "restored_identity"
    REIMAGED = "reimaged"
    COPIED = "copied"
    CENTRE_IS_AHEAD = "centre_is_ahead"
    FORK = "fork"
    FROZEN = "frozen"


class RevocationReason(StrEnum):
    """Why the centre believes a machine no more. Nothing that it signs is taken from then on."""

    DESTROYED = "destroyed"
    STOLEN = "stolen"
    LOST = "lost"
    REPLACED = "replaced"
    COMPROMISED = "compromised"
    DUPLICATE = "duplicate"
    RETIRED = "retired"
    OTHER = "other"


class EpochReason(StrEnum):
    """Why a centre began a new life."""

    OPERATOR = "operator"
    TESTIMONY = "testimony"
    OWN_WITNESS = "own_witness"


class SettlementReason(StrEnum):
    """Why a record that came by the express lane will never arrive in its journal."""

    UNIT_GONE = "unit_gone"
    RANGE_LOST = "range_lost"


class LookReason(StrEnum):
    """Why somebody looks at who a person is; anything said beyond is sealed with the person."""

    CASE_INVESTIGATION = "case_investigation"
    CONTACT_TRACING = "contact_tracing"
    CARE = "care"
    REQUEST_OF_THE_PERSON = "request_of_the_person"
    AUDIT = "audit"
    OTHER = "other"


class Role(StrEnum):
    """Who may sign in."""

    OFFICER = "officer"
    GATE_HEAD = "gate_head"
    CDC = "cdc"
    COMMAND = "command"
    ADMINISTRATOR = "administrator"


class ClockQuality(StrEnum):
    """How far the edge's wall clock may be trusted when a record was made."""

    SYNCHRONISED = "synchronised"
    FREE_RUNNING = "free_running"
    UNKNOWN = "unknown"


class RecordDisposition(StrEnum):
    """What the centre did with one received record: decision 4 of the sync design."""

    PROJECTED = "projected"
    QUARANTINED = "quarantined"
    UNPROJECTED = "unprojected"
    EXISTS = "exists"


class PassState(StrEnum):
    """What a border pass in the register is worth; ``expired`` follows from its last day."""

    VALID = "valid"
    EXPIRED = "expired"
    LOST = "lost"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


class PassReason(StrEnum):
    """Why the state of a pass was changed."""

    REPORTED_BY_HOLDER = "reported_by_holder"
    REPORTED_BY_POLICE = "reported_by_police"
    DAMAGED = "damaged"
    MISUSED = "misused"
    HOLDER_DIED = "holder_died"
    HOLDER_MOVED = "holder_moved"
    FOUND_AGAIN = "found_again"
    NEW_PASS_ISSUED = "new_pass_issued"
    ENTERED_IN_ERROR = "entered_in_error"


class LinkReason(StrEnum):
    """Why two person keys are one person, or are two again."""

    PASS_REPLACED = "pass_replaced"
    BOTH_DOCUMENTS_SEEN = "both_documents_seen"
    PASSPORT_RENEWED = "passport_renewed"
    CONFIRMED_BY_POLICE = "confirmed_by_police"
    LINKED_IN_ERROR = "linked_in_error"


class RegistrationSource(StrEnum):
    """Where a holder was entered into the register."""

    LANE = "lane"
    REGISTER = "register"
    IMPORTED = "imported"
