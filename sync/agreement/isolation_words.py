"""The words of the second check, the isolation room and the hand-over, as stored and sent.

As in ``vocabulary``: a value is never renamed, only added; what a person reads stands in the labels
under the section named after the class.
"""

from enum import StrEnum


class IsolationGround(StrEnum):
    """For what a person is isolated at the gate: Decree 165/2026 article 14.3, Decree 101/2010 article 1.3."""

    PATIENT = "patient"
    SUSPECT = "suspect"
    CARRIER = "carrier"
    FROM_AFFECTED_AREA = "from_affected_area"
    CONTACT = "contact"


class ExaminationFinding(StrEnum):
    """What the physical check found: interview, epidemiology and signs, Decree 165/2026 article 24.2."""

    FEVER = "fever"
    COUGH = "cough"
    SHORTNESS_OF_BREATH = "shortness_of_breath"
    SORE_THROAT = "sore_throat"
    VOMITING = "vomiting"
    DIARRHOEA = "diarrhoea"
    HAEMORRHAGE = "haemorrhage"
    RASH = "rash"
    JAUNDICE = "jaundice"
    SWOLLEN_GLANDS = "swollen_glands"
    STIFF_NECK = "stiff_neck"
    DEHYDRATION = "dehydration"
    EPIDEMIOLOGICAL_LINK = "epidemiological_link"


class CheckOutcome(StrEnum):
    """What the physical check concluded. Never positive or negative: those are laboratory words."""

    NO_SUSPICION = "no_suspicion"
    GROUP_A_SUSPECTED = "group_a_suspected"
    GROUP_B_SUSPECTED = "group_b_suspected"
    CONTACT_ONLY = "contact_only"


class TreatmentAction(StrEnum):
    """What was done after the check: Decree 165/2026 article 25.2, points a to h in their order."""

    PREVENTION = "prevention"
    ISOLATION_OR_REFERRAL = "isolation_or_referral"
    FIRST_CARE = "first_care"
    SAMPLING = "sampling"
    ADVICE = "advice"
    DISINFECTION = "disinfection"
    CONTACT_LIST = "contact_list"
    REPORTING = "reporting"


class EscalationReason(StrEnum):
    """Why a legal clock cannot be kept, or was extended."""

    DECIDER_AWAY = "decider_away"
    OVERLOADED = "overloaded"
    NO_VEHICLE = "no_vehicle"
    FACILITY_FULL = "facility_full"
    LABORATORY_AWAITED = "laboratory_awaited"
    INTERPRETER_AWAITED = "interpreter_awaited"
    PERSON_REFUSES = "person_refuses"
    NO_CONNECTION = "no_connection"


class ProvisionKind(StrEnum):
    """What an isolated traveller is given: IHR article 32."""

    FOOD = "food"
    WATER = "water"
    MEDICAL_CARE = "medical_care"
    INTERPRETER = "interpreter"
    BLANKET = "blanket"
    COMMUNICATION = "communication"


class NoticeAddressee(StrEnum):
    """Who is told of an isolation: Decree 165/2026 articles 17.3 and 25.3, Decree 101/2010 articles 5.3 and 12."""

    PERSON = "person"
    RELATIVES = "relatives"
    CONSULAR_DEPARTMENT = "consular_department"
    IHR_FOCAL_POINT = "ihr_focal_point"
    GATE_BODY = "gate_body"
    COMMUNE_HEALTH_STATION = "commune_health_station"


class NoticeMeans(StrEnum):
    """How a notice or a confirmation was given."""

    IN_PERSON = "in_person"
    TELEPHONE = "telephone"
    DOCUMENT = "document"
    ELECTRONIC = "electronic"


class ContactRelation(StrEnum):
    """How a companion met the patient; the seat rule is Decree 89/2018 article 8.3."""

    SAME_VEHICLE = "same_vehicle"
    SAME_GROUP = "same_group"
    NEARBY_SEAT = "nearby_seat"
    HOUSEHOLD = "household"
    CARER = "carer"


class FollowUpDuty(StrEnum):
    """What a person who may go on still owes: Decree 165/2026 article 19.3."""

    SELF_MONITORING = "self_monitoring"
    REPORT_TO_COMMUNE_STATION = "report_to_commune_station"
